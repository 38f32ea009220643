import { afterAll, beforeAll, expect, it } from 'vitest';
import { actionKinds } from '../../src/actions/registry.ts';
import { createJudge, type Judge } from '../../src/grading/judge/thread.ts';
import { runSolution, type SolutionRun } from '../../src/grading/solve.ts';
import { observerKinds } from '../../src/observers/registry.ts';
import { createSurveyor } from '../../src/observers/surveyor.ts';
import type { StepSpec } from '../../src/templates/types.ts';
import { templateOf } from '../support/graded-lab.ts';
import { testHandle } from '../support/handle.ts';
import { type LabDatabase, startLabDatabase } from '../support/lab-database.ts';
import { sampleApi } from '../support/misbehave.ts';

let db: LabDatabase;
let judge: Judge;

beforeAll(async () => {
  db = await startLabDatabase();
  judge = createJudge();
  await db.trainee('create table notes (id int generated always as identity, owner text, parent int)');
});
afterAll(async () => {
  await judge.close();
  await db.stop();
});

function step(id: string, kind: string, spec: object, save: Record<string, string> = {}): StepSpec {
  const parsed = actionKinds().get(kind)?.spec.parse(spec) as StepSpec['spec'];
  return { id, kind, spec: parsed, save, allowIdle: null };
}
const insert = (id: string, args: unknown[], save: Record<string, string> = {}) =>
  step(
    id,
    'sql',
    {
      component: 'database',
      statement: 'insert into notes (owner, parent) values ($1, $2) returning id, owner',
      args,
    },
    save,
  );

const handle = () =>
  testHandle({ database: db.access, api: sampleApi(1), workspace: { kind: 'shell', path: '/nonexistent' } });

function run(steps: StepSpec[], more: Partial<SolutionRun> = {}) {
  return runSolution(
    {
      version: templateOf([]),
      steps,
      params: { owner: "o'hara" },
      sandbox: handle(),
      actions: actionKinds(),
      observers: observerKinds(),
      judge,
      answer: async () => undefined,
      ...more,
    },
    AbortSignal.timeout(30_000),
  );
}

it('hands what a step saved to the steps after it', async () => {
  const outcome = await run([
    insert('first', ['{{params.owner}}', null], { parent: 'rows[0].id', owner: 'rows[0].owner' }),
    insert('second', ['{{saved.owner}}', '{{saved.parent}}'], { child: 'rows[0].id' }),
  ]);
  expect(outcome.ok).toBe(true);
  const { rows } = await db.admin(`select owner, parent from notes where id = ${outcome.saved.child}`);
  expect(rows).toEqual([{ owner: "o'hara", parent: outcome.saved.parent }]);
});

it('stops at the first step that fails', async () => {
  const outcome = await run([insert('one', [{ a: 1 }, 'not a number']), insert('two', ['x', null])]);
  expect(outcome.ok).toBe(false);
  expect(outcome.steps).toMatchObject([
    { id: 'one', outcome: 'failed', reason: expect.stringContaining('22P02') },
  ]);
});

it('goes on when told, and skips steps whose value nobody saved', async () => {
  const outcome = await run(
    [
      insert('fails', ['x', 'not a number'], { id: 'rows[0].id' }),
      insert('depends', ['x', '{{saved.id}}']),
      insert('alone', ['x', null], { other: 'rows[0].nothing' }),
      insert('last', ['y', null]),
    ],
    { goOn: true },
  );
  expect(outcome.steps.map(({ id, outcome: end }) => [id, end])).toEqual([
    ['fails', 'failed'],
    ['depends', 'skipped'],
    ['alone', 'failed'],
    ['last', 'done'],
  ]);
});

it('waits for an expression over fresh looks', async () => {
  const observe = {
    n: {
      sql: { component: 'database', query: "select count(*)::int as n from notes where owner = 'waited'" },
    },
  };
  const wait = step('wait', 'wait', { until: 'n.rows[0].n == 1', observe, within: '10s' });
  const waiting = run([wait]);
  setTimeout(() => void db.trainee(`insert into notes (owner) values ('waited')`), 500);
  expect(await waiting).toMatchObject({ ok: true, steps: [{ id: 'wait', outcome: 'done' }] });
});

it('surveys the rows of parameters in an order that depends on the rows only', async () => {
  await db.trainee(
    `create table tenants (name text, since date); insert into tenants values ('b', '2024-01-01'), ('a', null)`,
  );
  const row = { redact: false, draw: 'row', component: 'database', column: null } as const;
  const survey = (query: string) => {
    const version = templateOf([], {
      parameters: { tenant: { ...row, query }, fixed: { redact: false, draw: 'fixed', value: 1 } },
    });
    const plan = { sandboxId: 's', version, components: {}, params: null, origin: null, variation: null };
    return createSurveyor(handle).survey(plan, AbortSignal.timeout(10_000), 'process');
  };
  const up = await survey('select name, since from tenants order by name');
  expect(up).toEqual(await survey('select name, since from tenants order by name desc'));
  expect(up.tenant).toHaveLength(2);
  await expect(survey('select nothing from tenants')).rejects.toMatchObject({ code: 'seed_failed' });
});
