import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ActionKind, ObserverKind } from '../../src/grading/types.ts';
import { traineeFacts } from '../../src/lab/access.ts';
import type { ComponentAccess } from '../../src/lab/ports.ts';
import { createLanguage } from '../../src/templates/language.ts';
import { referencesIn } from '../../src/templates/references.ts';
import { scaffoldTemplate } from '../../src/templates/scaffold.ts';
import { didYouMean, nearest } from '../../src/templates/suggest.ts';
import { accessType } from '../../src/templates/value-types.ts';
import { bytes, changed, errorLines, fixture, language, parse, textOf, warningLines } from './support.ts';

describe('a language with other looks and actions', () => {
  const dice: ObserverKind = {
    kind: 'dice',
    spec: z.strictObject({ component: z.string(), sides: z.int().default(6) }),
    resultType: () => ({ is: 'object', fields: { top: { is: 'number' } } }),
    components: (spec) => [{ name: (spec as { component: string }).component, kinds: ['shell'] }],
    observe: () => Promise.reject(new Error('never rolled here')),
  };
  const roll: ActionKind = {
    kind: 'roll',
    spec: z.strictObject({ component: z.string() }),
    resultType: () => ({ is: 'object', fields: { top: { is: 'number' } } }),
    components: (spec) => [{ name: (spec as { component: string }).component, kinds: ['shell'] }],
    run: () => Promise.reject(new Error('never rolled here')),
  };
  const seen: Record<string, unknown>[] = [];
  const game = createLanguage({
    observers: new Map([['dice', dice]]),
    actions: new Map([['roll', roll]]),
    variants: ['stock'],
    compileExpression: (_, roots) => {
      seen.push(roots);
      return { ok: true };
    },
  });
  const lab = `
labwright: 1
id: game
title: A game
summary: Roll a six.
level: foundation
minutes: 1
backends: [process]
components: { table: { shell: {} } }
instructions: README.md
tasks: [{ id: play, title: Play, checks: [six] }]
checks: [{ id: six, title: A six, points: 7, observe: { d: { dice: { component: table } } }, expect: [{ that: d.top == 6, else: "A {{d.top}}." }] }]
solutions: { lucky: [{ id: roll, roll: { component: table, save: { top: top } } }] }
`;
  const files = (text: string) =>
    new Map(Object.entries({ 'lab.yaml': bytes(text), 'README.md': bytes('Play.') }));

  it('gives looks as their kind parsed them, and their types to the compiler of expressions', () => {
    const { template } = game.parseTemplate(files(lab), 'game');
    expect(template?.checks[0]?.observe.d).toEqual({ kind: 'dice', spec: { component: 'table', sides: 6 } });
    expect(template?.solutions.lucky).toEqual([
      { id: 'roll', kind: 'roll', spec: { component: 'table' }, save: { top: 'top' }, allowIdle: null },
    ]);
    expect(seen[0]).toMatchObject({
      d: dice.resultType({}),
      params: { is: 'object' },
      access: { is: 'object' },
    });
  });

  it('refuses looks that it lacks as not yet supported, and others as unknown', () => {
    const { problems } = game.parseTemplate(files(lab.replace('dice: {', 'sql: {')), 'game');
    expect(problems.filter((one) => one.severity === 'error').map((one) => one.code)).toEqual([
      'unsupported',
    ]);
    const other = game.parseTemplate(files(lab.replace('dice: {', 'dices: {')), 'game');
    expect(other.problems.map((one) => one.message)).toContain(
      'unknown key "dices" in checks[0].observe.d; did you mean "dice"?',
    );
  });
});

describe('saving', () => {
  it('is written inside the action or beside it, not both', async () => {
    const inside = 'last_name: Doe }, save: { customer: json.id } } }';
    const beside = await changed('customer-lifecycle', [
      inside,
      'last_name: Doe } }, save: { customer: json.id } }',
    ]);
    expect(parse(beside).template?.solutions['by-api']?.[0]?.save).toEqual({ customer: 'json.id' });
    const both = await changed('customer-lifecycle', [
      inside,
      `${inside.slice(0, -1)}, save: { customer: json.id } }`,
    ]);
    expect(errorLines(both)).toEqual([expect.stringMatching(/"save" is written twice in this step$/)]);
  });
});

describe('solutions that use others', () => {
  const withSecond = (entry: string) =>
    changed('customer-lifecycle', ['\nwrong: ', `  second:\n    - ${entry}\n\nwrong: `]);

  it('take their steps, edited: replaced, dropped, put before and after', async () => {
    const files = await withSecond(
      '{ use: by-api, replace: { service: { sql: { component: database, statement: select 1 } } }, drop: [invoice], before: { create: [{ id: look, exec: { component: workspace, argv: [ls] } }] }, after: { create: [{ exec: { component: workspace, argv: [ls] } }] } }',
    );
    expect(parse(files).template?.solutions.second?.map((step) => `${step.id}: ${step.kind}`)).toEqual([
      ...['look: exec', 'create: http', 'create-after-1: exec', 'service: sql'],
    ]);
  });

  it('must not drop what a later step needs', async () => {
    expect(errorLines(await withSecond('{ use: by-api, drop: [create] }'))).toEqual([
      expect.stringMatching(
        /step "invoice" needs \{\{saved\.customer\}\}, which no step before it saves here$/,
      ),
      expect.stringMatching(/step "service" needs/),
    ]);
  });
});

describe('what a trainee may know', () => {
  const password = { user: 'u', password: 'p' };
  const accesses: readonly ComponentAccess[] = [
    {
      kind: 'postgres',
      host: 'h',
      port: 1,
      database: 'd',
      apiRole: 'a',
      trainee: password,
      checker: password,
      grader: password,
    },
    {
      kind: 'sample-api',
      url: 'u',
      host: 'h',
      port: 1,
      jwtSecret: 's',
      account: { id: 'i', email: 'e', password: 'p', tenantId: 't', permissions: [] },
    },
    { kind: 'service', url: 'u', host: 'h', port: 1 },
    { kind: 'redis', url: 'u', host: 'h', port: 1, password: 'p' },
    { kind: 'stub', url: 'u', host: 'h', port: 1, controlToken: 't' },
    { kind: 'traffic', controlToken: 't' },
    { kind: 'shell', path: '/' },
    { kind: 'namespace', namespace: 'n' },
  ];

  it.each(accesses.map((access) => [access.kind, access] as const))(
    'of %s is the same to templates and to labs',
    (kind, access) => {
      const type = accessType(kind);
      const known =
        type.is === 'object' ? Object.entries(type.fields).map(([name, of]) => [name, of.is]) : [];
      const facts = Object.entries(traineeFacts(access)).map(([name, value]) => [name, typeof value]);
      expect(known.sort()).toEqual(facts.sort());
    },
  );
});

describe('lint', () => {
  it.each([
    [
      'rows compared without an order',
      ['', ''],
      /:60:\d+ warning: bill\.rows is compared as a list, but its query has no "order by"$/,
    ],
    ['few checks', ['', ''], /warning: 3 checks; a lab worth taking has at least 5$/],
    ['a check without hints', ['', ''], /warning: the check "through-the-api" has no hints$/],
    [
      'a hint that costs less than the one before',
      ['penalty: 0 }', 'penalty: 3 }'],
      /warning: a later hint costs less/,
    ],
    ['select *', ['select action, actor', 'select a.*'], /warning: select \* records columns/],
    [
      'an unused parameter',
      ['parameters: ', 'parameters:\n  extra: { draw: email }\n  #'],
      /warning: nothing uses the parameter "extra"$/,
    ],
    [
      'all over an untested list',
      ['trail.rows.exists(t, t.action', 'trail.rows.all(t, t.action'],
      /warning: .*trail\.rows/,
    ],
    [
      'an unused observation',
      [
        '      - that: trail.rows.exists(t, t.action == "customer.created" && t.actor == access.api.user)',
        '      - that: access.api.user == "x"',
      ],
      /warning: the check never uses the observation "trail"$/,
    ],
    [
      'a wait for what is looked at once',
      [
        '    observe:\n      trail: { sql: { component: database, query: "select action, actor from audit_trail a join customers c on c.id = a.entity_id where c.email = $1", args: ["{{params.email}}"] } }\n    expect:\n      - that: trail.rows.exists(t, t.action == "customer.created" && t.actor == access.api.user)',
        '    within: 5s\n    observe: {}\n    expect:\n      - that: access.api.user == "x"',
      ],
      /warning: it waits for nothing: only what the check itself observes is looked at again$/,
    ],
    [
      'few wrong ways',
      [
        '- { id: forgot-the-invoice, from: by-api, steps: { drop: [invoice] }, fails: { invoice-matches: fail } }',
        '',
      ],
      /warning: 1 wrong ways/,
    ],
  ] as const)('warns of %s', async (_, [from, to], warning) => {
    expect(warningLines(await changed('customer-lifecycle', [from, to]))).toContainEqual(
      expect.stringMatching(warning),
    );
  });

  it('warns of a file that nothing uses', async () => {
    const files = new Map(await fixture('customer-lifecycle')).set('old.sql', bytes('select 1'));
    expect(warningLines(files)).toContain('lab.yaml:1:1 warning: nothing uses the file "old.sql"');
  });

  it('refuses a reset of all labs’ statistics', async () => {
    const files = await changed('customer-lifecycle', [
      'select action, actor',
      'select pg_stat_statements_reset(), actor',
    ]);
    expect(errorLines(files)).toEqual([
      expect.stringMatching(/forgets the statistics of every lab on the server$/),
    ]);
  });
});

describe('a new template', () => {
  const files = new Map([...scaffoldTemplate('first-lab')].map(([path, text]) => [path, bytes(text)]));

  it('loads and lints clean, with a solution and wrong ways', () => {
    const { template, problems } = language.parseTemplate(files, 'first-lab');
    expect(problems).toEqual([]);
    expect(Object.keys(template?.solutions ?? {})).toHaveLength(1);
    expect(template?.wrong.length).toBeGreaterThanOrEqual(2);
    expect(template?.checks.length).toBeGreaterThanOrEqual(5);
  });

  it('is refused a name that is no id', () => {
    expect(() => scaffoldTemplate('../first')).toThrow(
      expect.objectContaining({ code: 'validation_failed' }),
    );
  });
});

describe('the JSON Schema for editors', () => {
  const schema = language.jsonSchema();
  const reader = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
  const parsed = async (files: ReadonlyMap<string, Uint8Array>) => {
    const { default: yaml } = await import('yaml');
    return reader.safeParse(yaml.parse(textOf(files, 'lab.yaml')));
  };

  it('takes the example of the language as its author writes it', async () => {
    expect((await parsed(await fixture('customer-lifecycle'))).error?.issues ?? []).toEqual([]);
  });

  it('takes a lab whose grader experiments', async () => {
    expect((await parsed(await fixture('experiments'))).error?.issues ?? []).toEqual([]);
  });

  it('refuses unknown keys, wrong words and what is not yet supported', async () => {
    for (const change of [
      ['minutes: 30', 'minuts: 30'],
      ['level: foundation', 'level: easy'],
      ['workspace: { shell', 'space: { namespace: { pods: many } }\n  workspace: { shell'],
      ['ttl: 2h', 'ttl: 7200'],
    ] as const) {
      expect((await parsed(await changed('customer-lifecycle', change))).success).toBe(false);
    }
  });

  it('says which words are not yet supported', () => {
    expect(schema).toMatchObject({ properties: { exam: { description: 'Not yet supported.' } } });
  });
});

describe('suggestions', () => {
  it('name the nearest word, or none when none is near', () => {
    expect(nearest('pionts', ['id', 'points', 'title'])).toBe('points');
    expect(nearest('colour', ['id', 'points', 'title'])).toBeNull();
    expect(nearest('ttll', ['ttl', 'title'])).toBe('ttl');
    expect(nearest('points', ['points'])).toBeNull();
    expect(didYouMean('tilte', ['title'])).toBe('; did you mean "title"?');
  });
});

describe('references', () => {
  it('are paths, and nothing else', () => {
    const paths = referencesIn("{{a.b[0].c}} {{ a['x y'] }} {{a()}} {{a.b + 1}} {{}} {{a..b}}").map(
      (one) => one.path,
    );
    expect(paths).toEqual([['a', 'b', 0, 'c'], ['a', 'x y'], null, null, null, null]);
  });
});
