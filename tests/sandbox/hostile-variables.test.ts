/** Values and texts that want to leave the place where an overlay puts them, read back by a real server. */
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fillVariables } from '../../src/sandbox/postgres/sql-variables.ts';
import { startTestPostgres, type TestPostgres } from '../support/postgres.ts';

let server: TestPostgres;
let client: pg.Client;
beforeAll(async () => {
  server = await startTestPostgres();
  client = new pg.Client({ connectionString: await server.createDatabase() });
  await client.connect();
});
afterAll(async () => {
  await client?.end();
  await server?.stop();
});

const hostile = [
  `'`,
  `''`,
  `\\`,
  `\\'`,
  `'; drop table facts; --`,
  `\\'; drop table facts; --`,
  '$$',
  '$x$',
  ':name',
  `:'v'`,
  '/* not a comment',
  '-- nor this',
  'two\nlines',
  'carriage\rreturn',
  '…\u2028',
  '"',
  '$1',
  "E'",
];

async function first(sql: string): Promise<unknown> {
  const { rows } = await client.query<{ x: unknown }>(sql);
  return rows[0]?.x;
}

it.each(['on', 'off'])('a value is what it is, with standard_conforming_strings %s', async (setting) => {
  await client.query(`set standard_conforming_strings = ${setting}; set escape_string_warning = off`);
  for (const v of hostile) {
    expect(await first(fillVariables('f', `select :'v' as x`, { v })), JSON.stringify(v)).toBe(v);
    expect(await first(fillVariables('f', `select :'v'::text as x -- :'v'`, { v }))).toBe(v);
    expect(await first(fillVariables('f', `select x from (select 1 as :"v") as it(x)`, { v }))).toBe(1);
  }
  // Put in as it is, a value may leave its place: that is what this form is for, and what the other one is not.
  await expect(client.query(fillVariables('f', `select ':v' || :v as x`, { v: `'` }))).rejects.toThrow();
  await client.query('reset standard_conforming_strings');
});

it.each([
  [`select ':v' as x`, ':v'],
  [`select 'it''s :v' as x`, "it's :v"],
  [String.raw`select E'\':v' as x`, "':v"],
  ['select $$:v$$ as x', ':v'],
  [`select $a$ $$ :'v' $b$ $a$ as x`, ` $$ :'v' $b$ `],
  [`select '7' /* :v /* :v */ :v */ as x`, '7'],
  [`select '7' -- :v '\n as x`, '7'],
  [`select 7::text as x`, '7'],
  [`select '7' ::text as x`, '7'],
  [`select ('{a,b,c}'::text[])[2:3]::text as x`, '{b,c}'],
  [`select 7 as ":v"`, undefined],
])('finds no variable where there is none: %s', async (sql, value) => {
  expect(fillVariables('f', sql, { v: 'WRONG' })).toBe(sql);
  expect(await first(sql)).toBe(value);
});
