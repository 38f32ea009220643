import { describe, expect, it } from 'vitest';
import { changed, errorLines } from './support.ts';

type Change = readonly [from: string, to: string];

/** One change to the lab whose grader experiments, and the errors that it makes: mostly one. */
const refusals: readonly (readonly [what: string, change: Change, ...errors: RegExp[]])[] = [
  // Proof
  ['noise without bounds', ['noise: 20%', 'noise: 2'], /expected more than 0 and at most 90%/],
  ['noise of another unit', ['noise: 20%', 'noise: 20ms'], /expected a share such as "15%"/],
  ['a budget of nothing', ['budget: 8m', 'budget: { space: 8m }'], /unknown key "space"/],
  // Components
  ['a size without unit', ['memory: 512Mi', 'memory: 512'], /memory: expected string, found 512$/],
  [
    'a wrong size',
    ['memory: 512Mi', 'memory: 512MB'],
    /expected a size such as "512Mi" or "2Gi", found "512MB"$/,
  ],
  [
    'an unknown role',
    ['role: schema-owner', 'role: schema-owne'],
    /found "schema-owne"; allowed: .*did you mean "schema-owner"\?$/,
  ],
  [
    'an overlay that is not there',
    ['overlay: overlay.sql', 'overlay: overlays.sql'],
    /^lab\.yaml:16:\d+ the folder has no file "overlays\.sql"; did you mean "overlay\.sql"\?$/,
  ],
  [
    'a replica of no database',
    ['  cache: { redis: {} }', '  cache: { postgres: { replicaOf: api } }'],
    /"api" is a sample-api; a replica is of a postgres$/,
  ],
  [
    'a replica with a seed',
    ['  cache: { redis: {} }', '  cache: { postgres: { replicaOf: database, seed: [overlay.sql] } }'],
    /a replica has the data of its primary/,
  ],
  [
    'a source from no shell',
    ['from: workspace/app,', 'from: partner/app,'],
    /"partner" is a stub; a source runs from a shell$/,
  ],
  [
    'a source from an unknown shell',
    ['from: workspace/app,', 'from: workspaces/app,'],
    /there is no component "workspaces"; known: .*did you mean "workspace"\?$/,
  ],
  [
    'a source without its folder',
    ['from: workspace/app,', 'from: workspace,'],
    /expected a shell component and a folder in it, such as "workspace\/api", found "workspace"$/,
  ],
  [
    'a source without files',
    ['from: workspace/app,', 'from: workspace/apps,'],
    /the workspace "workspace" starts without files below "apps\/"; did you mean "workspace\/app\/"\?$/,
  ],
  [
    'a source in our custody',
    ['      uses: [database, partner]\n', '      uses: [database, partner]\n      custody: platform\n'],
    /what runs from the trainee's files is in the custody of the trainee$/,
  ],
  [
    'a command that is written twice',
    ['      uses: [database, partner]\n', '      uses: [database, partner]\n      command: node\n'],
    /"command" is written here and in "source"$/,
  ],
  [
    'a service that nothing starts',
    ['files: tools, command: [node, tool.ts],', 'files: tools,'],
    /expected either a "command" or an "image"$/,
  ],
  [
    'an image on process',
    ['files: tools, command: [node, tool.ts],', 'image: "nginx:1.27",'],
    /on the backend process a service needs a "command"/,
  ],
  [
    'two ways of readiness',
    ['ready: { log: listening }', 'ready: { log: listening, http: / }'],
    /expected either "http" or "log", or the word tcp$/,
  ],
  [
    'a variable that is ours',
    ['{ LOG: "{{params.word}}" }', '{ PORT: "{{params.word}}" }'],
    /bad name "PORT" in components\.api\.sample-api\.env: HOST and PORT are given to every program$/,
  ],
  [
    'a variable of an unknown parameter',
    ['{ LOG: "{{params.word}}" }', '{ LOG: "{{params.wort}}" }'],
    /params has no "wort"; known: word, token; did you mean "word"\?$/,
  ],
  [
    'a variable of an attempt',
    ['{ LOG: "{{params.word}}" }', '{ LOG: "{{attempt.word}}" }'],
    /\{\{attempt\.word\}\}: "attempt" is known in a trial that draws, .*known here: params, access$/,
  ],
  [
    'a mood that the partner has not',
    ['mood: calm, trainee', 'mood: stormy, trainee'],
    /there is no mood "stormy"; known: calm, storm; did you mean "storm"\?$/,
  ],
  [
    'a partner that is not there',
    ['files: stubs/partner.yaml', 'files: stubs/partners.yaml'],
    /the folder has no file "stubs\/partners\.yaml"; did you mean/,
  ],
  [
    'a right over a partner that there is not',
    ['trainee: [mood, journal]', 'trainee: [moods, journal]'],
    /found "moods"; allowed: mood, journal; did you mean "mood"\?$/,
  ],
  [
    'a load on a shell',
    ['target: api,', 'target: workspace,'],
    /"workspace" is a shell; traffic goes to a sample-api, service or stub$/,
  ],
  ['too much load', ['rate: 30/m', 'rate: 51/s'], /expected a rate above 0 and up to 50\/s/],
  [
    'a rate of nothing',
    ['rate: 30/m', 'rate: fast'],
    /expected a rate such as "1\/s" or "30\/m", found "fast"$/,
  ],
  [
    'a namespace beside a backend without a cluster',
    ['  cache: { redis: {} }', '  cache: { namespace: {} }'],
    /^lab\.yaml:7:12 "cache" is a namespace, which only the backend kubernetes has; found "process"$/,
    /no checkpoint can be kept of a lab with a namespace \("cache"\): what is in it cannot be copied$/,
  ],
  // Trials
  [
    'a fork of what is not there',
    ['on: { fork: [app] }', 'on: { fork: [ap] }'],
    /^lab\.yaml:56:18 there is no component "ap"; known: .*did you mean "api"\?$/,
  ],
  [
    'a step outside of the fork',
    [
      'component: partner, mood: storm }\n      - observe',
      'component: cache, mood: storm }\n      - observe',
    ],
    /"cache" is a redis; stub works on stub$/,
  ],
  [
    'a look outside of the fork',
    [
      'books: { journal: { component: partner, since: step } }',
      'books: { journal: { component: load, since: step } }',
    ],
    /"load" is not in the fork of this trial, which has app, database, partner, workspace$/,
  ],
  [
    'a look outside of what is beside',
    ['beside: { fork: [api], at: start }', 'beside: { fork: [cache], at: start }'],
    /"api" is not in both forks of this trial, which has none$/,
    /"api" is not/,
    /"database" is not/,
  ],
  ['another start', ['at: start }\n    draws', 'at: then }\n    draws'], /found "then"; allowed: start/],
  [
    'live beside something',
    ['on: live\n', 'on: live\n    beside: { fork: [api] }\n'],
    /a live trial has nothing beside it/,
  ],
  [
    'to undo a fork',
    ['on: { fork: [app] }\n', 'on: { fork: [app] }\n    undo: [{ kill: { component: app } }]\n'],
    /a fork is thrown away; "undo" goes with on: live$/,
  ],
  [
    'variables of what is no program',
    ['env: { api: {', 'env: { database: {'],
    /"database" is a postgres; variables are given to service and sample-api$/,
  ],
  [
    'variables of what is not in the fork',
    ['env: { api: {', 'env: { app: {'],
    /there is no component "app"; known: api, database, workspace/,
  ],
  [
    'rows drawn for an attempt',
    ['draws: { word: email,', 'draws: { word: { row: { component: database, query: select 1 } },'],
    /rows are drawn once a lab; make it a parameter$/,
  ],
  [
    'a draw from high to low in a trial',
    ['int: { from: 1, to: 9 }', 'int: { from: 9, to: 1 }'],
    /nothing can be drawn for "rng": "from" \(9\) is greater than "to" \(1\)$/,
  ],
  [
    'the name of a look twice in a trial',
    ['observe: { again: {', 'observe: { first: {'],
    /this trial has observed "first" before; give one of them another name$/,
    /unknown name "again"/,
  ],
  [
    'what is observed later',
    ['first={{observed.speed.json', 'first={{observed.row.json'],
    /observed has no "row"; known: speed$/,
  ],
  [
    'what is not drawn',
    ['args: ["{{saved.made}}", "{{attempt.word}}"]', 'args: ["{{saved.made}}", "{{attempt.wort}}"]'],
    /attempt has no "wort"; known: word, rng, hidden; did you mean "word"\?$/,
  ],
  [
    'what is not saved',
    ['args: ["{{saved.made}}"', 'args: ["{{saved.maid}}"'],
    /saved has no "maid"; known: made; did you mean "made"\?$/,
  ],
  [
    'an unknown mood',
    [
      '- stub: { component: partner, mood: storm }\n      - observe',
      '- stub: { component: partner, mood: stormy }\n      - observe',
    ],
    /there is no mood "stormy"; known: calm, storm/,
  ],
  [
    'a trial without steps',
    [
      '    steps:\n      - sql: { component: database, as: grader, statement: "insert into probes values (1)" }\n      - observe: { probe: { sql: { component: database, query: "select count(*) as n from probes" } } }\n',
      '    steps: []\n',
    ],
    /trials\[2\]\.steps: expected at least one step/,
  ],
  [
    'a step with two actions',
    ['- wait: { for: 2s }', '- { wait: { for: 2s }, kill: { component: api } }'],
    /trials\[0\]\.steps\[2\]: expected exactly one action of .*; found/,
  ],
  [
    'what is beside, in a later step: each side sees its own',
    ['first={{observed.speed.json', 'first={{observed.speed.start.json'],
    /\{\{observed\.speed\.start\.json\.items\[0\]\.id\}\}: observed\.speed has no "start"; known:/,
  ],
  [
    'the address of what is not in the fork',
    ['args: ["{{saved.made}}"', 'args: ["{{access.partner.url}}"'],
    /access has no "partner"; known: database, api, workspace$/,
  ],
  [
    'an answer in a trial',
    ['- wait: { for: 2s }', '- answer: { question: why, value: slow }'],
    /^lab\.yaml:53:9 a trial has no trainee and no instructor: "answer" goes with solutions$/,
  ],
  [
    'a mistake in what an alias repeats, once',
    ['path: /hook, json', 'path: hook, json'],
    /^lab\.yaml:59:79 trials\[1\]\.steps\[0\]\.observe\.first\.http\.path: expected a path/,
  ],
  [
    'a trial on nothing',
    ['on: { fork: [app] }', 'on: fork'],
    /trials\[1\]\.on: found "fork"; allowed: live, a map$/,
  ],
  // Watches and faults
  [
    'a press in a fault',
    ['steps: [{ stub: { component: partner, mood: storm } }]', 'steps: [{ press: Start the drill }]'],
    /a fault has no trainee and no instructor: "press" goes with solutions$/,
  ],
  [
    'a watch over another name',
    ['good: "it.rows[0].n > 0"', 'good: "that.rows[0].n > 0"'],
    /^lab\.yaml:74:\d+ unknown name "that"; known are it, params/,
  ],
  [
    'a watch of the start',
    ['query: "select count(*) as n from orders" } }, good', 'at: start, query: "select 1 as n" } }, good'],
    /a watch looks at the lab as it is now/,
  ],
  [
    'an unknown watch',
    ['watch: { id: health,', 'watch: { id: healt,'],
    /there is no watch "healt"; known: health, rows; did you mean "health"\?$/,
  ],
  [
    'an unknown fault in a look',
    ['since: outage, last: 30s', 'since: outrage, last: 30s'],
    /there is no fault "outrage"; known: outage, later, echo, prize; did you mean "outage"\?$/,
  ],
  [
    'two triggers',
    ['when: { event: outage }', 'when: { event: outage, check: fast }'],
    /expected exactly one trigger of after, fault, check, event, trainee$/,
  ],
  [
    'a trigger that is no duration',
    ['when: { after: 5m }', 'when: { after: a while }'],
    /faults\[1\]\.when\.after: expected a duration such as "5m" or "90s"/,
  ],
  [
    'a trigger by an unknown fault',
    ['when: { event: outage }', 'when: { fault: outrage }'],
    /there is no fault "outrage"; .*did you mean "outage"\?$/,
  ],
  [
    'a trigger by an unknown check',
    ['when: { check: charged,', 'when: { check: charge,'],
    /there is no check "charge"; .*did you mean "charged"\?$/,
  ],
  [
    'a button after an unknown check',
    ['after: fast, atLatest', 'after: fasts, atLatest'],
    /there is no check "fasts"; .*did you mean "fast"\?$/,
  ],
  [
    'faults that wait for each other',
    ['when: { event: outage }', 'when: { event: echo }'],
    /a ring: echo → echo$/,
  ],
  [
    'a button twice',
    ['when: { after: 5m }', 'when: { trainee: Start the drill }'],
    /two faults have the button "Start the drill"$/,
  ],
  [
    'a secret that is told',
    ['say: "{{params.word}} is gone."', 'say: "{{params.token}} is gone."'],
    /the parameter "token" is secret/,
  ],
  // Checks
  [
    'an unknown trial',
    ['    trial: charges\n', '    trial: charge\n'],
    /^lab\.yaml:\d+:12 there is no trial "charge"; known: race, charges, alive; did you mean "charges"\?$/,
  ],
  [
    'the name of a look of the trial',
    ['observe: { said:', 'trial: charges\n    observe: { first: { answer: { question: why } }, said:'],
    /"first" is also an observation of this check's trial; give one of them another name$/,
  ],
  [
    'what another trial observes',
    ['that: first.status == again.status', 'that: speed.status == again.status'],
    /unknown name "speed"; known are/,
  ],
  [
    'a field that is not beside',
    ['speed.durationMs * 2 <= speed.start.durationMs', 'speed.durationMs * 2 <= speed.stert.durationMs'],
    /unknown field "stert"; known are .*start; did you mean "start"\?$/,
  ],
  ['a wrong type of a draw', ['attempt.rng > 0', 'attempt.rng > "0"'], /^lab\.yaml:\d+:\d+ /],
  [
    'a draw of another trial',
    ['that: first.status == again.status', 'that: attempt.rng == again.status'],
    /unknown name "attempt".*: "attempt" is known in a trial that draws/,
  ],
  [
    'a secret of the attempt that is shown',
    ['{{attempt.rng}}."', '{{attempt.hidden}}."'],
    /\{\{attempt\.hidden\}\}: what is drawn as "hidden" is secret/,
  ],
  [
    'an attempt in a look of a check',
    ['since: outage } }\n      up', 'path: "/{{attempt.rng}}", since: outage } }\n      up'],
    /"attempt" is known in a trial that draws/,
  ],
  [
    'an unknown event',
    ['require: { event: outage }', 'require: { event: outrage }'],
    /there is no fault "outrage"; .*did you mean "outage"\?$/,
  ],
  [
    'a time of an unknown event',
    ['timestamp(events.later.at)', 'timestamp(events.latest.at)'],
    /unknown field "latest"; known are outage, later, echo, prize/,
  ],
  [
    'another moment of an event',
    ['timestamp(events.later.at)', 'timestamp(events.later.end)'],
    /unknown field "end"; known are at, done$/,
  ],
  [
    'a reference to no checkpoint',
    ['at: "checkpoint:one"', 'at: "checkpoint:two"'],
    /there is no task with a checkpoint "two"; known: one/,
  ],
  [
    'a reference that is none',
    ['at: "checkpoint:one"', 'at: before'],
    /expected "start" or "checkpoint:" and the id of a task, found "before"$/,
  ],
  [
    'criteria that do not come out',
    ['id: timeline, points: 4', 'id: timeline, points: 3'],
    /the criteria give out 6 points, the check has 7$/,
  ],
  [
    'a criterion twice',
    ['- { id: cause,', '- { id: timeline,'],
    /the criterion "timeline" is there twice$/,
    /there is no criterion "cause"/,
  ],
  [
    'neither expect nor rubric',
    ['    expect: [{ that: said.given, else: Say why. }]\n', ''],
    /checks\[2\]: expected either "expect" or "rubric"; found none$/,
  ],
  [
    'a wait for a trial',
    ['    trial: charges\n', '    trial: charges\n    within: 5s\n'],
    /a trial runs once; put the wait into its steps$/,
  ],
  // Tasks, questions and proof
  [
    'a task that opens by an unknown check',
    ["checks['fast'].passed &&", "checks['fats'].passed &&"],
    /^lab\.yaml:\d+:\d+ unknown field "fats"; known are .*did you mean "fast"\?$/,
  ],
  [
    'a task that opens by text',
    [`"checks['fast'].passed && params.word != \\"\\""`, '"params.word"'],
    /must be true or false/,
  ],
  [
    'a skip by an unknown solution',
    ['skip: { solution: right', 'skip: { solution: rigth'],
    /there is no solution "rigth"; known: right; did you mean "right"\?$/,
  ],
  [
    'a skip by an unknown step',
    ['steps: [index, note], penalty', 'steps: [index, notes], penalty'],
    /there is no step "notes"; known: index, note, .*did you mean "note"\?$/,
  ],
  [
    'several texts',
    ['kind: file,   ask', 'kind: text, multiple: true, ask'],
    /"multiple" goes with kind choice$/,
  ],
  [
    'a file made lower case',
    ['kind: file,   ask', 'kind: file, normalise: lower, ask'],
    /a file is taken as it is$/,
  ],
  [
    'an unknown button',
    ['press: Start the drill', 'press: Start the dril'],
    /there is no button "Start the dril"; known: Start the drill; did you mean/,
  ],
  [
    'a mark for what has no rubric',
    ['mark: { check: report', 'mark: { check: named'],
    /"named" has no rubric: nobody marks it$/,
  ],
  [
    'a mark for an unknown criterion',
    ['timeline: full, cause: half }', 'timeline: full, causes: half }'],
    /there is no criterion "causes"; known: timeline, cause; did you mean "cause"\?$/,
  ],
  [
    'a mutation of an unknown step',
    ['mutations: [index, note]', 'mutations: [index, noted]'],
    /there is no step "noted"; .*did you mean "note"\?$/,
  ],
  ['a word of revealing', ['reveal: afterEnd', 'reveal: always'], /found "always"; allowed: never, afterEnd/],
];

describe('the language refuses in experiments', () => {
  for (const [what, change, ...errors] of refusals) {
    it(what, async () => {
      expect(errorLines(await changed('experiments', change))).toEqual(
        errors.map((error) => expect.stringMatching(error)),
      );
    });
  }

  it('nothing else when one of their mistakes hides what others refer to', async () => {
    // A trial that cannot be read whole is no unknown one, and what it would have observed is not missed.
    const broken = await changed('experiments', ['    deadline: 45s\n', '    deadline: soon\n']);
    expect(errorLines(broken)).toEqual([expect.stringMatching(/trials\[0\]\.deadline: expected a duration/)]);
    const fault = await changed('experiments', ['atLatest: 90m }', 'atLatest: soon }']);
    expect(errorLines(fault)).toEqual([expect.stringMatching(/atLatest: expected a duration/)]);
    const watch = await changed('experiments', ['every: 1s, from', 'every: never, from']);
    expect(errorLines(watch)).toEqual([expect.stringMatching(/every: expected a duration/)]);
    const component = await changed('experiments', [
      'custody: trainee, limits: { pids: 50',
      'custody: trainee, limits: { pids: 5',
    ]);
    expect(errorLines(component)).toEqual([expect.stringMatching(/pids/)]);
  });

  it('words and files that only some looks know', async () => {
    const change = (from: string, to: string) => changed('th-3-3-integrations', [from, to]);
    expect(errorLines(await change('over: "{{time}}.{{body}}"', 'over: "{{tme}}.{{body}}"'))).toContainEqual(
      expect.stringMatching(/\{\{tme\}\}: there is no "tme" here; known: .*did you mean "time"\?$/),
    );
    expect(errorLines(await change('grader/mutants/no-key.patch', 'grader/mutants/no-kye.patch'))).toEqual([
      expect.stringMatching(/the folder has no file "grader\/mutants\/no-kye\.patch"; did you mean/),
    ]);
    expect(errorLines(await change('reference: grader/reference/', 'reference: grader/referee/'))).toEqual([
      expect.stringMatching(/the folder has no files below "grader\/referee\/"; did you mean/),
    ]);
    expect(
      errorLines(
        await changed('experiments', ['answer: { question: why }', 'answer: { question: why, at: start }']),
      ),
    ).toEqual([
      expect.stringMatching(/unknown key "at" in checks\[2\]\.observe\.said\.answer; allowed: question/),
    ]);
  });

  it('a saved value that a skipped step would have saved', async () => {
    const files = await changed(
      'experiments',
      [
        'statement: "create index on customers (email)" }',
        'statement: "select 1 as n", save: { n: "rows[0].n" } }',
      ],
      ['from: solution/main.txt }', 'text: "{{saved.n}}" }'],
      ['steps: [index, note], penalty', 'steps: [note], penalty'],
    );
    expect(errorLines(files)).toEqual([
      expect.stringMatching(/step "note" needs \{\{saved\.n\}\}, which no step of the skip saves before it$/),
    ]);
  });
});
