import { describe, expect, it } from 'vitest';
import { bytes, changed, errorLines, fixture } from './support.ts';

type Change = readonly [from: string, to: string];

/** One change to the example of the language, and the one error that it makes. */
const refusals: readonly (readonly [what: string, change: Change, error: RegExp])[] = [
  // Rights
  [
    'a wrong way that does what only the grader can',
    ['as: trainee, statement', 'as: grader, statement'],
    /^lab\.yaml:\d+:\d+ it is done as the grader, which no trainee can; /,
  ],
  [
    'a token that only the platform can sign',
    ['path: /api/v1/customers, auth: trainee,', 'path: /api/v1/customers, auth: { claims: { sub: admin } },'],
    /its token is signed with the key of the platform, which no trainee can/,
  ],
  // Structure
  [
    'an unknown key',
    ['minutes: 30', 'minutes: 30\nminuets: 3'],
    /^lab\.yaml:9:1 unknown key "minuets" in the template; did you mean "minutes"\?$/,
  ],
  [
    'a key written twice',
    ['minutes: 30', 'minutes: 30\nminutes: 31'],
    /^lab\.yaml:9:1 the key "minutes" is written twice here$/,
  ],
  [
    'a missing key',
    ['id: customer-created\n    title: The customer exists and is active\n', 'id: customer-created\n'],
    /^lab\.yaml:\d+:5 missing key "title" in checks\[0\]$/,
  ],
  [
    'another version of the language',
    ['labwright: 1', 'labwright: 2'],
    /^lab\.yaml:1:12 labwright: found 2; allowed: 1$/,
  ],
  [
    'a wrong word',
    ['level: foundation', 'level: fundation'],
    /^lab\.yaml:6:8 level: found "fundation"; allowed: foundation, intermediate, advanced; did you mean "foundation"\?$/,
  ],
  [
    'a wrong type',
    ['minutes: 30', 'minutes: half an hour'],
    /^lab\.yaml:8:10 minutes: expected number, found "half an hour"$/,
  ],
  [
    'a wrong duration',
    ['ttl: 2h', 'ttl: two hours'],
    /lifetime\.ttl: expected a duration such as "2h", "15m", "30s" or "250ms", found "two hours"$/,
  ],
  [
    'a time to live over the maximum',
    ['ttl: 2h, max: 6h', 'ttl: 7h, max: 6h'],
    /lifetime\.ttl is 25200s, more than lifetime\.max \(21600s\)$/,
  ],
  [
    'a warning before the start',
    ['warn: [15m, 5m]', 'warn: [3h, 5m]'],
    /a warning 10800s before the end of a lab that lives 7200s$/,
  ],
  [
    'no backend',
    ['backends: [process, docker, kubernetes]', 'backends: []'],
    /backends: too small|backends: .*>=1/i,
  ],
  [
    'an id that is not kebab-case',
    ['- { id: customer, title', '- { id: Customer_1, title'],
    /tasks\[0\]\.id: expected kebab-case such as "customer-created", found "Customer_1"$/,
  ],
  [
    'a name that expressions cannot name',
    ['workspace: { shell', 'work-space: { shell'],
    /bad name "work-space" in components: expected letters/,
  ],
  [
    'an unquoted {{ }}',
    [
      'args: ["{{params.email}}"] } }\n    expect:\n      - that: row.rows.size',
      'args: [{{params.email}}] } }\n    expect:\n      - that: row.rows.size',
    ],
    /\{\{params\.email\}\} is read by YAML as a map; quote it: "\{\{params\.email\}\}"$/,
  ],
  [
    'no expectation',
    [
      'expect:\n      - that: trail.rows.exists(t, t.action == "customer.created" && t.actor == access.api.user)\n        else: The row is there, but the API never made it.',
      'expect: []',
    ],
    /checks\[1\]\.expect: expected at least one expectation/,
  ],
  [
    'two looks in one',
    ['api:  { http: {', 'api:  { exec: { component: workspace, argv: [ls] }, http: {'],
    /checks\[2\]\.observe\.api: expected exactly one look of .*; found http and exec$/,
  ],
  [
    'an unknown look',
    ['bill: { sql:  {', 'bill: { sqll:  {'],
    /unknown key "sqll" in checks\[2\]\.observe\.bill; did you mean "sql"\?$/,
  ],
  [
    'a wrong way that fells nothing',
    ['fails: { through-the-api: fail }', 'fails: {}'],
    /wrong\[1\]\.fails: expected at least one check that falls$/,
  ],
  // Names
  [
    'a check in no task',
    ['checks: [customer-created, through-the-api]', 'checks: [customer-created]'],
    /^lab\.yaml:40:9 the check "through-the-api" is in no task$/,
  ],
  [
    'a check in two tasks',
    ['checks: [invoice-matches]', 'checks: [invoice-matches, customer-created]'],
    /the check "customer-created" is already in task "customer"$/,
  ],
  [
    'a task with an unknown check',
    ['checks: [invoice-matches]', 'checks: [invoice-matches, invoice-match]'],
    /there is no check "invoice-match"; known: .*did you mean "invoice-matches"\?$/,
  ],
  [
    'an id used twice',
    ['- { id: bill,  ', '- { id: customer,  '],
    /the id "customer" is used twice in tasks$/,
  ],
  [
    'needs in a ring',
    ['points: 10\n', 'points: 10\n    needs: [invoice-matches]\n'],
    /a ring: customer-created → invoice-matches → customer-created$/,
  ],
  [
    'components in a ring',
    ['database:  { postgres: { seed', 'database:  { postgres: { uses: api, seed'],
    /a ring: database → api → database$/,
  ],
  [
    'an API on no database',
    ['uses: database, variant', 'uses: workspace, variant'],
    /"workspace" is a shell; a sample-api uses a postgres$/,
  ],
  [
    'an unknown variant',
    ['variant: stock', 'variant: stok'],
    /found "stok"; allowed: stock, n-plus-one; did you mean "stock"\?$/,
  ],
  [
    'a look at an unknown component',
    ['http: { component: api, path: "/api/v1/invoices?', 'http: { component: ap, path: "/api/v1/invoices?'],
    /there is no component "ap"; known: database, api, workspace; did you mean "api"\?$/,
  ],
  [
    'a look at the wrong kind',
    [
      'http: { component: api, path: "/api/v1/invoices?',
      'http: { component: database, path: "/api/v1/invoices?',
    ],
    /"database" is a postgres; http works on sample-api$/,
  ],
  [
    'an edit of an unknown step',
    ['steps: { drop: [invoice] }', 'steps: { drop: [invoce] }'],
    /"by-api" has no step "invoce"; known: create, service, invoice; did you mean "invoice"\?$/,
  ],
  [
    'a wrong way from no solution',
    ['- { id: forgot-the-invoice, from: by-api,', '- { id: forgot-the-invoice, from: by-hand,'],
    /there is no solution "by-hand"; known: by-api/,
  ],
  [
    'a fall of an unknown check',
    ['fails: { invoice-matches: fail }', 'fails: { invoices-match: fail }'],
    /there is no check "invoices-match"/,
  ],
  [
    'a fall with all points',
    ['fails: { invoice-matches: fail }', 'fails: { invoice-matches: { verdict: fail, points: 20 } }'],
    /"invoice-matches" has 20 points; a fall leaves fewer than 20$/,
  ],
  [
    'a fall to blocked of what nothing blocks',
    ['fails: { invoice-matches: fail }', 'fails: { customer-created: blocked }'],
    /"customer-created" needs no other check, so it can never be blocked$/,
  ],
  [
    'a step without an id',
    ['- { id: invoice, http', '- { http'],
    /missing key "id" in solutions\.by-api\[2\]$/,
  ],
  [
    'a guard alone in its task',
    ['- id: invoice-matches\n', '- id: invoice-matches\n    guard: true\n'],
    /task "bill" has only checks with "guard"/,
  ],
  [
    'an observation called params',
    [
      'observe:\n      row: { sql',
      'observe:\n      params: { sql: { component: database, query: select 1 } }\n      row: { sql',
    ],
    /an observation cannot be called "params"/,
  ],
  // Files
  [
    'instructions that are not there',
    ['instructions: README.md', 'instructions: README.txt'],
    /the folder has no file "README\.txt"; did you mean "README\.md"\?$/,
  ],
  [
    'a task text that is not there',
    ['text: tasks/2.md', 'text: tasks/7.md'],
    /the folder has no file "tasks\/7\.md"; did you mean/,
  ],
  [
    'a seed that is not there',
    ['seed: [schema.sql, data.sql]', 'seed: [schema.sql, dat.sql]'],
    /the folder has no file "dat\.sql"; did you mean "data\.sql"\?$/,
  ],
  [
    'a workspace that is not there',
    ['files: workspace/', 'files: work/'],
    /the folder has no files below "work\/"/,
  ],
  [
    'a path out of the folder',
    ['instructions: README.md', 'instructions: ../README.md'],
    /instructions: expected a path inside the folder/,
  ],
  [
    'a step from a file that is not there',
    [
      '{ id: invoice, http',
      '{ id: note, file: { component: workspace, path: a.txt, from: solution/a.txt } }\n    - { id: invoice, http',
    ],
    /the folder has no file "solution\/a\.txt"$/,
  ],
  // Points
  [
    'points that do not come out',
    ['        points: 4   ', '        points: 10   '],
    /^lab\.yaml:30:13 the expectations give out 10 of 10 points; 1 more must be worth at least 1 each$/,
  ],
  [
    'a part that is worth the whole',
    [
      'else: The row is there, but the API never made it.',
      'partial: [{ that: trail.rows.size() > 0, points: 5 }]\n        else: The row is there.',
    ],
    /a part is worth 5 points, the whole expectation 5$/,
  ],
  // Draws
  [
    'a draw from high to low',
    ['from: 49, to: 129', 'from: 129, to: 49'],
    /nothing can be drawn for "monthlyRate": "from" \(129\) is greater than "to" \(49\)$/,
  ],
  ['a draw without a step', ['step: 5', 'step: 0'], /"step" is 0; it must be greater than 0$/],
  [
    'a pattern without bound',
    ['{ draw: email }', '{ draw: { pattern: "[a-z]+@example[.]com" } }'],
    /it repeats without bound/,
  ],
  ['a pattern that is none', ['{ draw: email }', '{ draw: { pattern: "[a-z" } }'], /it is no pattern/],
  [
    'two draws in one',
    ['{ draw: email }', '{ draw: { secret: 24, pattern: "[a-z]" } }'],
    /expected exactly one of choice, int, decimal, pattern, secret, row; found pattern and secret$/,
  ],
  [
    'neither draw nor fixed',
    ['{ draw: email }', '{ redact: false }'],
    /parameters\.email: expected either "draw" or "fixed"$/,
  ],
  [
    'rows of no database',
    [
      '{ draw: email }',
      '{ draw: { row: { component: api, query: select email from customers }, column: email } }',
    ],
    /"api" is a sample-api; rows are drawn from a postgres$/,
  ],
  // References and expressions
  [
    'a reference to an unknown parameter',
    ['email={{params.email}}"', 'email={{params.mail}}"'],
    /^lab\.yaml:56:78 \{\{params\.mail\}\}: params has no "mail"; known: email, monthlyRate; did you mean "email"\?$/,
  ],
  [
    'a reference to an unknown fact',
    ['email={{params.email}}"', 'email={{access.api.mail}}"'],
    /access\.api has no "mail"; known: url, user, password, tenant, user_id$/,
  ],
  [
    'a reference to what was not saved',
    ['{{saved.customer}}", name', '{{saved.custommer}}", name'],
    /saved has no "custommer"; known: customer; did you mean "customer"\?$/,
  ],
  [
    'a reference to what is saved later',
    ['json: { email: "{{params.email}}", first_name', 'json: { email: "{{saved.customer}}", first_name'],
    /saved has no "customer"; known: none$/,
  ],
  [
    'saving what the result has not',
    ['save: { customer: json.id }', 'save: { customer: jsn.id }'],
    /result has no "jsn"; known: .*did you mean "json"\?$/,
  ],
  [
    'a reference that is a call',
    ['email={{params.email}}"', 'email={{params.email.size()}}"'],
    /is not a path such as/,
  ],
  [
    'data in SQL text',
    ['where email = $1", args', "where email = '{{params.email}}'\", args"],
    /query is never filled in; write \$1 and give the value in "args"$/,
  ],
  [
    'a message about an unknown observation',
    [
      '"The customer is {{row.rows[0].status}}, not active."',
      '"The customer is {{roww.rows[0].status}}, not active."',
    ],
    /there is no "roww" here; known: .*did you mean "row"\?$/,
  ],
  [
    'a message about an unknown field',
    [
      '"The customer is {{row.rows[0].status}}, not active."',
      '"The customer is {{row.row[0].status}}, not active."',
    ],
    /row has no "row"; known: rows, columns, rowCount, durationMs/,
  ],
  [
    'a hint with a password',
    ['POST /api/v1/customers", penalty', 'As {{access.api.password}}", penalty'],
    /access\.api\.password is secret and may not be shown/,
  ],
  [
    'a title with an address that holds a password',
    ['title: The customer exists and is active', 'title: "At {{access.database.url}}"'],
    /access\.database\.url is secret/,
  ],
  [
    'an expression that does not parse',
    ['- that: row.rows.size() == 1', '- that: row.rows.size( == 1'],
    /^lab\.yaml:34:\d+ /,
  ],
  [
    'an unknown name in an expression',
    ['row.rows[0].status == "active"', 'rows.rows[0].status == "active"'],
    /^lab\.yaml:36:15 .*"rows".*did you mean "row"\?$/,
  ],
  [
    'a wrong type in an expression',
    ['- that: row.rows.size() == 1', '- that: row.rows.size() == "1"'],
    /^lab\.yaml:34:\d+ /,
  ],
  [
    'data in an expression',
    ['row.rows[0].status == "active"', 'row.rows[0].status == {{params.email}}'],
    /an expression holds no \{\{ \}\}/,
  ],
  [
    'a wait that can never be waited out',
    ['within: 10s', 'within: 30s'],
    /within 30s can never be waited out: grading\.deadline is 30s$/,
  ],
];

describe('the language refuses', () => {
  for (const [what, change, error] of refusals) {
    it(what, async () => {
      expect(errorLines(await changed('customer-lifecycle', change))).toEqual([expect.stringMatching(error)]);
    });
  }

  it('an unknown answer to a question', async () => {
    const files = await changed(
      'customer-lifecycle',
      [
        'checks:\n  - id',
        'questions:\n  - { id: how-many, kind: number, ask: How many? }\n\nchecks:\n  - id',
      ],
      ['trail: { sql', 'said: { answer: { question: how-may } }\n      trail: { sql'],
    );
    expect(errorLines(files)).toEqual([
      expect.stringMatching(/there is no question "how-may"; known: how-many; did you mean/),
    ]);
  });

  it('a folder with another name than the id', async () => {
    const { language } = await import('./support.ts');
    const { problems } = language.parseTemplate(await fixture('customer-lifecycle'), 'customers');
    expect(problems.map((one) => one.message)).toContain(
      'the id is "customer-lifecycle", the folder is called "customers": they must be the same',
    );
  });

  it('a reference in the instructions, with its place in that file', async () => {
    const files = new Map(await fixture('customer-lifecycle'));
    files.set('README.md', bytes('# Hello\n\nYou are {{params.nobody}} of {{ .Values.helm }}.\n'));
    expect(errorLines(files)).toEqual([
      'README.md:3:9 {{params.nobody}}: params has no "nobody"; known: email, monthlyRate',
    ]);
  });

  it('solutions that use each other in a ring', async () => {
    const files = await changed('customer-lifecycle', [
      'solutions:',
      'solutions:\n  one: [{ use: two }]\n  two: [{ use: one }]\n  #',
    ]);
    expect(errorLines(files).filter((line) => line.includes('a ring'))).toEqual([
      expect.stringMatching(/^lab\.yaml:65:16 a ring: one → two → one$/),
    ]);
  });
});
