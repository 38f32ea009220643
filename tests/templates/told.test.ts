/** What a text must not tell, and what a look must not do; each beside the same thing as it may be. */
import { describe, expect, it } from 'vitest';
import { bytes, errorsOf, parse } from './support.ts';

const lab = (check: string, question = '{ id: town, kind: text, ask: Which town is it? }') => `labwright: 1
id: told
title: A town
summary: A town is to be found.
level: foundation
minutes: 5
lifetime: { ttl: 1h, max: 2h }
backends: [process]
grading: { deadline: 10s, onDemand: { every: 1s } }
parameters: { town: { draw: { choice: [Ghent, Turin] } } }
components: { database: { postgres: { seed: [schema.sql], trainee: { role: read-write } } }, workspace: { shell: { files: workspace/ } } }
instructions: README.md
tasks: [{ id: find, title: Find it, text: task.md, checks: [found] }, { id: go-on, title: Go on, text: later.md, checks: [other] }]
questions: [${question}]
checks:
  - id: found
    title: It is found
    points: 4
    observe: { said: { answer: { question: town } }, row: { sql: { component: database, query: "select name from towns where id = 1" } } }
${check}
  - id: other
    title: Another
    points: 1
    observe: { row: { sql: { component: database, query: "select name from towns where id = 2" } } }
    expect: [{ that: row.rows.size() == 1, else: "Neither Antwerp nor {{params.town}} is there." }]
solutions:
  by-sql: [{ id: name-it, sql: { component: database, statement: "update towns set name = 'Antwerp' where id = 1" } }]
wrong: []
`;

const files = (text: string, pages: Readonly<Record<string, string>> = {}) =>
  new Map(
    Object.entries({
      'lab.yaml': text,
      'schema.sql': 'create table towns (id int, name text);',
      'README.md': 'A lab.',
      'workspace/notes.txt': 'Ask the map.',
      'task.md': 'Find it.',
      'later.md': 'Antwerp, {{params.town}} and {{row.rows[0].name}}.',
      ...pages,
    }).map(([path, content]) => [path, bytes(content)]),
  );

function told(text: string, pages?: Readonly<Record<string, string>>): readonly string[] {
  const { problems } = parse(files(text, pages));
  expect(errorsOf(problems)).toEqual([]);
  return problems
    .filter(({ code }) => code === 'secret_shown')
    .map(({ file, message }) => `${file} ${message}`);
}

const literal = 'that: said.value == "Antwerp"';
const drawn = 'that: params.town == said.text';

describe('an answer', () => {
  it.each([
    [
      'a literal in a message',
      `    expect: [{ ${literal}, else: "It is Antwerp." }]`,
      /^lab.yaml the message tells "Antwerp", the right answer to "town"$/,
    ],
    [
      'a literal in other letters',
      `    expect: [{ ${literal}, else: "not ANTWERP?" }]`,
      /the message tells "Antwerp"/,
    ],
    [
      'one of several',
      '    expect: [{ that: \'said.value in ["Bruges", "Antwerp"]\', else: "Antwerp will do." }]',
      /tells "Antwerp"/,
    ],
    [
      'what was drawn',
      `    expect: [{ ${drawn}, else: "It is {{ params.town }}." }]`,
      /the message tells \{\{params.town\}\}/,
    ],
    [
      'what was looked up',
      '    expect: [{ that: "said.value == row.rows[0].name", else: "It is {{row.rows[0].name}}." }]',
      /tells \{\{row.rows\[0\].name\}\}/,
    ],
    [
      'a hint',
      `    expect: [{ ${literal}, else: No. }]\n    hints: [{ text: Antwerp, penalty: 3 }]`,
      /the hint tells "Antwerp"/,
    ],
  ])('is not told: %s', (_, check, message) => {
    expect(told(lab(check))).toEqual([expect.stringMatching(message)]);
  });

  it('is not told by its question or by the page of its task', () => {
    const check = `    expect: [{ ${literal}, else: No. }]`;
    expect(told(lab(check, '{ id: town, kind: text, ask: "Antwerp, or what?" }'))).toEqual([
      'lab.yaml the question tells "Antwerp", the right answer to "town"',
    ]);
    const page = { 'task.md': 'Say {{params.town}}.' };
    expect(told(lab(`    expect: [{ ${drawn}, else: No. }]`), page)).toEqual([
      'task.md the page tells {{params.town}}, the right answer to "town"',
    ]);
  });

  it.each([
    ['what the trainee said', `    expect: [{ ${literal}, else: "It is not {{said.value}}." }]`],
    ['part of a word', `    expect: [{ ${literal}, else: "Antwerpen is another name." }]`],
    ['a short word', '    expect: [{ that: said.value == "Li", else: "Li is short." }]'],
    [
      'to who pays for all of it',
      `    expect: [{ ${literal}, else: No. }]\n    hints: [{ text: Where?, penalty: 1 }, { text: Antwerp, penalty: 3 }]`,
    ],
  ])('may be told: %s', (_, check) => {
    expect(told(lab(check))).toEqual([]);
  });

  it('may be among the options of a choice', () => {
    const question = '{ id: town, kind: choice, ask: "Antwerp or Ghent?", options: [Antwerp, Ghent] }';
    expect(told(lab(`    expect: [{ ${literal}, else: It is Antwerp. }]`, question))).toEqual([]);
  });
});

describe('a solution', () => {
  const check = '    expect: [{ that: row.rows.size() == 1, else: No. }]\n    hints:';
  const statement = "update  towns\n set name = 'Antwerp' where id = 1;";
  it('is not shown in a page, a file or a hint that is cheap', () => {
    expect(told(lab(`${check} [{ text: "update towns set name = 'Antwerp' where id = 1" }]`))).toEqual([
      'lab.yaml the hint shows the step "name-it" of the solution "by-sql"',
    ]);
    expect(told(lab(`${check} []`), { 'README.md': `Try this:\n${statement}` })).toEqual([
      'README.md the page shows the step "name-it" of the solution "by-sql"',
    ]);
    expect(told(lab(`${check} []`), { 'workspace/notes.txt': `-- to do: ${statement}` })).toEqual([
      'workspace/notes.txt the file shows the step "name-it" of the solution "by-sql"',
    ]);
  });
});

describe('a look', () => {
  const refused = (query: string) =>
    errorsOf(
      parse(
        files(
          lab('    expect: [{ that: row.rows.size() == 1, else: No. }]').replace(
            'select name from towns where id = 1',
            () => query,
          ),
        ),
      ).problems,
    ).map(({ message }) => message);

  it.each([
    ['insert into towns values (3)', 'insert'],
    ['vacuum towns', 'vacuum'],
    ['with gone as (delete from towns returning name) select name from gone', 'delete from'],
    ['select name from towns for update', 'for update'],
    ["select nextval('ids') as name", 'nextval'],
    ["select set_config('a.b', 'c', false) as name", 'set_config'],
    ['explain analyze delete from towns', 'explain'],
  ])('does not write: %s', (query, word) => {
    expect(refused(query)).toEqual([expect.stringContaining(`and "${word}" does more`)]);
  });

  it.each([
    "select name from towns where name = 'insert into x'",
    '(select name from towns) union all (select name from towns)',
    'with t as (select name from towns) select name from t -- for update',
    'select updated_at, deleted, lock from towns',
    'table towns',
    "select name from towns where note like $$delete from$$ and kind = 'a''b for update'",
  ])('may read: %s', (query) => {
    expect(refused(query)).toEqual([]);
  });

  it.each(['/* ', "'a''", 'update ', '( '])(
    'is read in a moment, whatever is opened and never closed: %s',
    (piece) => {
      const query = piece.repeat(90_000 / piece.length);
      const began = performance.now();
      refused(`select 1 ${query}`);
      expect(performance.now() - began).toBeLessThan(2_000);
    },
  );
});
