/** Whatever stands in a trainee's tables, the grader reads, records and judges it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createJudge, type Judge } from '../../../src/grading/judge/thread.ts';
import { sqlLook, templateOf } from '../../support/graded-lab.ts';
import { testHandle } from '../../support/handle.ts';
import { type LabDatabase, startLabDatabase } from '../../support/lab-database.ts';
import { arbitraryTable } from './arbitrary-rows.ts';
import { inTurns, replay, sample } from './cases.ts';
import { wrongsOf } from './grade-cases.ts';

let db: LabDatabase;
let judge: Judge;
beforeAll(async () => {
  db = await startLabDatabase();
  judge = createJudge();
});
afterAll(async () => {
  await judge.close();
  await db.stop();
});

const asks = [
  'x.rows.exists(r, r == params.wanted)',
  'x.rows.size() > 0 && x.rows[0].c0 == params.wanted',
  'x.rows.map(r, r.c0).sum() == 0.125 && x.rowCount == 77',
  'x.rows.all(r, r.?c0.orValue(params.wanted) == params.wanted) && x.rows.size() == 4',
  'sort(x.rows.map(r, r.c0))[0] == params.wanted',
  'x.rows.map(r, string(r.c0)).join(",").contains(params.wanted)',
  'x.rows.exists(r, like(r.c0, params.wanted))',
  'x.rows.distinct().size() == 1234567',
  'x.rows.exists(r, r.c0 - r.c0 == duration("1s"))',
];

it('is never a pass, our fault, or late', async () => {
  const tables = sample(arbitraryTable, 300);
  await db.trainee(`set statement_timeout = '5s'`);
  let made = 0;
  for (const [nth, query] of tables.entries()) {
    // Names that clash, and what is too large for a row, make no table: then there is none to look at.
    made += await db.trainee(`create table f_${nth} as ${query}`).then(
      () => 1,
      () => 0,
    );
  }
  expect(made, replay).toBeGreaterThan(tables.length * 0.8);
  const cases = tables.map((about, nth) => {
    return { look: sqlLook(`select * from f_${nth}`), that: inTurns(asks, nth), about };
  });
  const { database } = templateOf([]).template.components;
  if (database === undefined) throw new Error('the sample has no database');
  const sandbox = testHandle({ database: db.access });
  expect(await wrongsOf(cases, judge, sandbox, { database }), replay).toEqual([]);
}, 300_000);
