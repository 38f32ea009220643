import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytes, errorLines, fixture, language, parse, textOf } from './support.ts';

const only = (text: string | Uint8Array) =>
  new Map([['lab.yaml', typeof text === 'string' ? bytes(text) : text]]);

describe('YAML that is no template', () => {
  it.each([
    ['nothing', '', /^lab\.yaml:1:1 expected a map with the keys labwright, id/],
    ['a list', '- 1', /expected a map with the keys/],
    ['a syntax error', 'a: [1, 2', /^lab\.yaml:1:9 not YAML: /],
    ['two documents', 'a: 1\n---\nb: 2', /not YAML: /],
    ['an unknown tag', 'a: !!js/function 1', /not YAML: /],
    ['a key that is a list', '[1, 2]: 3', /a key must be a plain word/],
    ['a prototype', '__proto__: { a: 1 }', /"__proto__" is not allowed/],
    ['a value that holds itself', 'a: &a [*a]', /aliases: /],
  ])('%s is refused', (_, text, error) => {
    expect(errorLines(only(text))).toEqual([expect.stringMatching(error)]);
  });

  it('a syntax error at {{ }} says that it must be quoted', () => {
    expect(errorLines(only('checks:\n  - else: {{a}} is missing\n'))[0]).toMatch(
      /^lab\.yaml:2:\d+ not YAML: .*; a value with \{\{ \}\} must be quoted$/,
    );
  });

  it('a bomb of aliases is refused, and quickly', () => {
    const levels = Array.from(
      { length: 12 },
      (_, n) => `l${n + 1}: &l${n + 1} [${`*l${n}, `.repeat(9)}*l${n}]`,
    );
    const start = performance.now();
    expect(errorLines(only(`l0: &l0 [lol]\n${levels.join('\n')}`))).toEqual([
      expect.stringMatching(/aliases: Excessive alias count/),
    ]);
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  it('a bomb of few aliases to a long text is refused, and quickly', () => {
    const start = performance.now();
    expect(errorLines(only(`a: &a "${'x'.repeat(1_000_000)}"\nb: [${'*a, '.repeat(90)}1]`))).toEqual([
      'lab.yaml:1:1 aliases: written out they have more than 10485760 characters',
    ]);
    expect(performance.now() - start).toBeLessThan(2_000);
  });

  it.each([
    ['lists in lists', '['.repeat(100_000)],
    ['maps in maps', '{a: '.repeat(100_000)],
    ['block lists in block lists', `${'- '.repeat(100_000)}1`],
    ['deep indentation', Array.from({ length: 2_000 }, (_, n) => `${' '.repeat(n)}a:`).join('\n')],
  ])('%s are refused, not recursed into', (_, text) => {
    expect(errorLines(only(text))).toEqual([expect.stringMatching(/nested deeper/)]);
  });

  it('over 5 MiB and not UTF-8 are refused', () => {
    expect(errorLines(only(new Uint8Array(5 * 1024 * 1024 + 1)))[0]).toMatch(/has 5242881 bytes/);
    expect(errorLines(only(new Uint8Array([0x61, 0xff, 0xfe])))[0]).toMatch(/is not UTF-8 text/);
  });

  it('a folder without lab.yaml says so', () => {
    expect(errorLines(new Map())).toEqual(['lab.yaml:1:1 the folder has no lab.yaml']);
  });
});

describe('aliases', () => {
  it('are a way to say the same twice', async () => {
    const files = new Map(await fixture('customer-lifecycle'));
    const text = textOf(files, 'lab.yaml')
      .replace(
        'args: ["{{params.email}}"] } }\n    expect:\n      - that: row',
        'args: &who ["{{params.email}}"] } }\n    expect:\n      - that: row',
      )
      .replace(
        'where c.email = $1", args: ["{{params.email}}"] } }\n    expect:\n      - that: trail',
        'where c.email = $1", args: *who } }\n    expect:\n      - that: trail',
      );
    expect(text).toContain('*who');
    const { template } = parse(files.set('lab.yaml', bytes(text)));
    expect(template?.checks[1]?.observe.trail?.spec.args).toEqual(['{{params.email}}']);
  });
});

describe('the parser never throws', () => {
  it('on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (content) => void parse(only(content))),
      { numRuns: 300 },
    );
  });

  it('on any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => void parse(only(JSON.stringify(value)))),
      { numRuns: 300 },
    );
  });

  it.each(['customer-lifecycle', 'experiments'])(
    'on %s in which anything stands in the place of anything',
    async (name) => {
      const files = new Map(await fixture(name));
      const { default: yaml } = await import('yaml');
      const template = yaml.parse(textOf(files, 'lab.yaml'));
      const places: (string | number)[][] = [];
      const collect = (value: unknown, path: (string | number)[]) => {
        places.push(path);
        if (typeof value !== 'object' || value === null) return;
        for (const [key, item] of Object.entries(value))
          collect(item, [...path, Array.isArray(value) ? Number(key) : key]);
      };
      collect(template, []);
      const someValue = fc.oneof(
        fc.jsonValue({ maxDepth: 2 }),
        fc.constantFrom('{{params.email}}', '{{', 'constructor', '*', null),
      );
      fc.assert(
        fc.property(
          fc.array(fc.tuple(fc.constantFrom(...places), someValue), { minLength: 1, maxLength: 3 }),
          (edits) => {
            let copy = structuredClone(template);
            for (const [path, value] of edits) copy = setAt(copy, path, value);
            const parsed = language.parseTemplate(
              new Map(files).set('lab.yaml', bytes(JSON.stringify(copy))),
              null,
            );
            // A template, or a reason why there is none.
            expect(parsed.template !== null || parsed.problems.some((one) => one.severity === 'error')).toBe(
              true,
            );
          },
        ),
        { numRuns: 150 },
      );
    },
    60_000,
  );
});

function setAt(root: unknown, path: readonly (string | number)[], value: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return value;
  if (typeof root !== 'object' || root === null) return root;
  const copy = (Array.isArray(root) ? [...root] : { ...root }) as Record<string | number, unknown>;
  if (Object.hasOwn(copy, first)) copy[first] = setAt(copy[first], rest, value);
  return copy;
}
