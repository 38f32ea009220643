import { describe, expect, it } from 'vitest';
import { bytes, changed, errorLines, errorsOf, fixture, language, parse, warningLines } from './support.ts';

const name = 'experiments';

async function experiments() {
  const { template, problems } = language.parseTemplate(await fixture(name), name);
  expect(errorsOf(problems)).toEqual([]);
  if (template === null) throw new Error('the fixture does not load');
  return template;
}

describe('a lab whose grader experiments', () => {
  it('has components of every kind', async () => {
    const { components } = await experiments();
    expect(components).toEqual({
      database: {
        kind: 'postgres',
        uses: [],
        custody: 'platform',
        limits: { memoryMb: 512, cpu: 0.5 },
        seed: { generator: 'sample-api', scale: 'S', number: 1 },
        traineeRole: 'schema-owner',
        grants: ['maintain'],
        statementStats: 'own-database-view',
        overlay: ['overlay.sql'],
        extensions: ['pg_stat_statements'],
        replicaOf: null,
        archive: false,
      },
      api: {
        kind: 'sample-api',
        uses: ['database', 'workspace'],
        custody: 'trainee',
        database: 'database',
        variant: 'n-plus-one',
        source: { shell: 'workspace', path: 'api', reload: 'on-save', editable: ['src/**'] },
        env: { LOG: '{{params.word}}' },
      },
      app: {
        kind: 'service',
        uses: ['database', 'partner', 'workspace'],
        custody: 'trainee',
        image: null,
        command: ['node', 'src/main.ts'],
        source: { shell: 'workspace', path: 'app', reload: 'on-save', editable: [] },
        files: null,
        port: 9000,
        ready: { by: 'http', path: '/health' },
        env: { TOKEN: '{{params.token}}', PARTNER: '{{access.partner.url}}', RETRIES: '3' },
      },
      tool: {
        kind: 'service',
        uses: [],
        custody: 'trainee',
        limits: { diskMb: 1024, pids: 50 },
        image: null,
        command: ['node', 'tool.ts'],
        source: null,
        files: 'tools/',
        port: 8080,
        ready: { by: 'log', line: 'listening' },
        env: {},
      },
      cache: { kind: 'redis', uses: [], custody: 'platform' },
      partner: {
        kind: 'stub',
        uses: [],
        custody: 'platform',
        file: 'stubs/partner.yaml',
        mood: 'calm',
        trainee: ['mood', 'journal'],
      },
      load: {
        kind: 'traffic',
        uses: ['api'],
        custody: 'platform',
        target: 'api',
        file: 'stubs/load.yaml',
        rate: 0.5,
      },
      workspace: { kind: 'shell', uses: [], custody: 'platform', files: 'workspace/', tools: ['node'] },
    });
  });

  it('has trials on forks and on the live lab, with steps in order', async () => {
    const { trials } = await experiments();
    expect(trials[0]).toMatchObject({
      id: 'race',
      fork: { components: ['api'], env: { api: { LOG: '{{attempt.word}}' } } },
      beside: { components: ['api'] },
      draws: {
        word: { draw: 'email', redact: false },
        rng: { draw: 'int', from: 1, to: 9, redact: false },
        hidden: { draw: 'secret', length: 16, redact: true },
      },
      deadlineSeconds: 45,
      steps: [
        { do: 'observe', observe: { speed: { kind: 'http' } } },
        { do: 'act', step: { id: 'step-2', kind: 'http', save: { made: 'json.id' } } },
        { do: 'act', step: { id: 'step-3', kind: 'wait', spec: { for: 2_000 } } },
        { do: 'observe', observe: { row: { kind: 'sql' } } },
      ],
      undo: [],
    });
    expect(trials[2]).toMatchObject({ fork: null, beside: null, deadlineSeconds: 20 });
    expect(trials[2]?.undo.map((step) => [step.id, step.kind])).toEqual([['undo-1', 'sql']]);
  });

  it('gives an aliased request to both of its looks', async () => {
    const { trials } = await experiments();
    const looks = (trials[1]?.steps ?? []).flatMap((one) =>
      one.do === 'observe' ? Object.entries(one.observe) : [],
    );
    const [first, again] = [looks.find(([key]) => key === 'first'), looks.find(([key]) => key === 'again')];
    expect(first?.[1]).toMatchObject({ kind: 'http', spec: { path: '/hook', json: { id: 1 } } });
    expect(again?.[1]).toEqual(first?.[1]);
  });

  it('gives a trial that names no deadline that of grading', async () => {
    const files = await changed(name, ['    deadline: 60s\n', '']);
    expect(parse(files).template?.trials[1]?.deadlineSeconds).toBe(120);
  });

  it('has watches, and says what a good sample is', async () => {
    const { watches } = await experiments();
    expect(watches).toMatchObject([
      {
        id: 'health',
        everySeconds: 1,
        look: { kind: 'http' },
        good: 'it.status >= 200 && it.status < 300',
      },
      { id: 'rows', everySeconds: 5, look: { kind: 'sql' }, good: 'it.rows[0].n > 0' },
    ]);
  });

  it('has faults by time, button, fault and check', async () => {
    const { faults } = await experiments();
    expect(faults.map((fault) => fault.when)).toEqual([
      { on: 'press', button: 'Start the drill', after: 'fast', atLatestSeconds: 5_400 },
      { on: 'time', afterSeconds: 300 },
      { on: 'fault', id: 'outage', atLatestSeconds: null },
      { on: 'check', id: 'charged', atLatestSeconds: 7_200 },
    ]);
    expect(faults[0]).toMatchObject({
      say: '{{params.word}} is gone.',
      steps: [
        { id: 'step-1', spec: { for: { from: 2_000, to: 9_000 } } },
        { id: 'step-2', kind: 'kill' },
      ],
    });
  });

  it('has checks over trials, references and events, and one that a person marks', async () => {
    const { checks } = await experiments();
    const [fast, , , kept, report] = checks;
    expect(fast).toMatchObject({ trial: 'race', require: null, rubric: null });
    expect(kept).toMatchObject({ trial: 'alive', require: { event: 'outage' } });
    expect(kept?.observe.then).toMatchObject({ kind: 'sql', at: 'checkpoint:one' });
    expect(kept?.observe.then?.spec).not.toHaveProperty('at');
    expect(kept?.observe.books).not.toHaveProperty('at');
    expect(report?.expect).toEqual([]);
    expect(report?.rubric).toEqual({
      of: { kind: 'answer', spec: { question: 'notes' } },
      criteria: [
        { id: 'timeline', points: 4, text: 'What happened, and when', full: 'all of it', half: 'some' },
        { id: 'cause', points: 3, text: 'Why', full: null, half: null },
      ],
    });
  });

  it('has tasks that open, are kept and can be skipped, questions of all kinds, and its proof', async () => {
    const { tasks, questions, reveal, test } = await experiments();
    expect(tasks[0]).toMatchObject({
      opens: null,
      checkpoint: true,
      skip: { solution: 'right', steps: ['index', 'note'], penalty: 30 },
    });
    expect(tasks[1]).toMatchObject({ checkpoint: false, skip: null });
    expect(tasks[1]?.opens).toBe(`checks['fast'].passed && params.word != ""`);
    expect(questions).toMatchObject([
      { kind: 'choice', multiple: true },
      { kind: 'file', multiple: false, normalise: [] },
    ]);
    expect(reveal).toBe('afterEnd');
    expect(test).toEqual({
      budgetSeconds: 480,
      rerunSkip: 'the drill happens once',
      mutations: ['index', 'note'],
    });
  });

  it('may say what a lab of it may hold, and how far noise moves its times', async () => {
    const budget = 'budget: { time: 8m, memory: 512Mi }';
    const { template } = parse(await changed(name, ['budget: 8m', budget]));
    expect(template?.test).toMatchObject({ budgetSeconds: 480, budgetMemoryMb: 512 });
    const fast = template?.checks.find(({ id }) => id === 'fast');
    expect(fast?.expect.map(({ noise }) => noise)).toEqual([0.2, undefined]);
    const shared = parse(await changed(name, ['noise: 20%', 'noise: 0.15'])).template?.checks;
    expect(shared?.find(({ id }) => id === 'fast')?.expect[0]?.noise).toBe(0.15);
  });

  it('may be opened by a bare expression', async () => {
    const files = await changed(name, [
      `opens: { when: "checks['fast'].passed && params.word != \\"\\"" }`,
      `opens: "checks['fast'].passed"`,
    ]);
    expect(parse(files).template?.tasks[1]?.opens).toBe(`checks['fast'].passed`);
  });
});

describe('the files of partners', () => {
  const withFile = async (path: string, text: string) =>
    errorLines(new Map(await fixture(name)).set(path, bytes(text)));

  it('are read, and their mistakes shown in their own lines', async () => {
    expect(await withFile('stubs/partner.yaml', 'routes:\n  - { method: GET, path: charges }\n')).toEqual(
      expect.arrayContaining([expect.stringMatching(/^stubs\/partner\.yaml:2:1 .*expected a path/)]),
    );
    expect(await withFile('stubs/load.yaml', 'requests:\n  - { path: "//elsewhere" }\n')).toEqual([
      expect.stringMatching(/^stubs\/load\.yaml:2:1 .*starts with one slash/),
    ]);
  });

  it('name parameters that there are', async () => {
    expect(await withFile('stubs/load.yaml', 'requests:\n  - { path: "/?q={{params.wort}}" }\n')).toEqual([
      'stubs/load.yaml:2:18 {{params.wort}}: params has no "wort"; known: word, token; did you mean "word"?',
    ]);
  });

  it('of a database’s overlay too', async () => {
    expect(
      await withFile('overlay.sql', "select ':no', 1; -- :nor\nselect :'wort', x[1:2], 'a'::text, :other;\n"),
    ).toEqual([
      'overlay.sql:2:8 there is no parameter "wort"; known: word, token; did you mean "word"?',
      'overlay.sql:2:36 there is no parameter "other"; known: word, token',
    ]);
  });
});

describe('warnings of experiments', () => {
  it.each([
    [
      'a trial that no check names',
      [
        '    trial: charges\n    expect:\n      - that: first.status == again.status && books.calls.size() == 1',
        '    expect:\n      - that: params.word != ""',
      ],
      /no check names the trial "charges"$/,
    ],
    [
      'what nobody uses of a trial',
      ['that: first.status == again.status &&', 'that: first.status == 200 &&'],
      /no check uses what the trial observes as "again"$/,
    ],
    [
      'a live trial without undo',
      ['    undo:\n      - sql: { component: database, as: grader, statement: "delete from probes" }\n', ''],
      /the live trial "alive" has no "undo"/,
    ],
    [
      'a wait past the deadline',
      ['- wait: { for: 2s }', '- wait: { for: 50s }'],
      /with this wait 50s are waited, the trial's deadline is 45s$/,
    ],
    [
      'trials that take longer than grading',
      ['grading: { deadline: 120s', 'grading: { deadline: 70s'],
      /:8:22 warning: the trials may take 80s together, grading\.deadline is 70s$/,
    ],
    [
      'a watch that nothing reads',
      ['- { id: rows,   every', '- { id: orders, every'],
      /:74:11 warning: nothing reads the watch "orders"$/,
    ],
    ['a fault that nothing reads', ['', ''], /nothing reads the fault "echo"$/],
    [
      'a time against a number',
      ['speed.durationMs * 2 <= speed.start.durationMs', 'speed.durationMs < 500'],
      /a time is compared with a number/,
    ],
    [
      'a number against a time',
      ['speed.durationMs * 2 <= speed.start.durationMs', '500 > speed.durationMs'],
      /a time is compared with a number/,
    ],
    ['times without a word of noise', ['noise: 20%', 'points: 5'], /it compares times and has no "noise"/],
    [
      'noise where no times are',
      ['else: Not the word.', 'else: Not the word.\n        noise: 0.1'],
      /it compares no times, so "noise" says nothing$/,
    ],
    [
      'a skip that pays',
      ['penalty: 30 }', 'penalty: 29 }'],
      /skipping costs 29 points and earns the 30 points of the task's checks$/,
    ],
  ] as const)('name %s', async (_, [from, to], warning) => {
    expect(warningLines(await changed(name, [from, to]))).toContainEqual(expect.stringMatching(warning));
  });

  it('are not of times held against what is beside', async () => {
    const lines = warningLines(await fixture(name));
    expect(lines.filter((line) => /a time is compared|may take|skipping costs/.test(line))).toEqual([]);
  });

  it('are errors where other labs would be harmed', async () => {
    for (const [from, to] of [
      ['statement: "insert into probes', 'statement: "select pg_stat_statements_reset(); insert into probes'],
      [
        'steps: [{ stub: { component: partner, mood: storm } }]',
        'steps: [{ sql: { component: database, as: grader, statement: "select pg_stat_statements_reset()" } }]',
      ],
    ] as const) {
      expect(errorLines(await changed(name, [from, to]))).toEqual([
        expect.stringMatching(/forgets the statistics of every lab on the server$/),
      ]);
    }
  });
});
