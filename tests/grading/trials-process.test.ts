/** Trials the whole way: over PostgreSQL, on real copies of databases, files and programs. */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { actionKinds } from '../../src/actions/registry.ts';
import { createJudge, type Judge } from '../../src/grading/judge/thread.ts';
import { runAttempt } from '../../src/grading/run-attempt.ts';
import { bindSandbox } from '../../src/grading/sandbox-handle.ts';
import type { Attempt, SandboxHandle } from '../../src/grading/types.ts';
import { planOf } from '../../src/lab/plan.ts';
import { realClock } from '../../src/lab/real-clock.ts';
import { observerKinds } from '../../src/observers/registry.ts';
import { migrate } from '../../src/store/migrate.ts';
import { createPool } from '../../src/store/pool.ts';
import { createPostgresStore } from '../../src/store/postgres-store.ts';
import { createTemplateStore } from '../../src/store/template-store.ts';
import { drawParameters } from '../../src/templates/draw.ts';
import type { ComponentSpec, TrialSpec } from '../../src/templates/types.ts';
import { newLab, newSandbox, won } from '../contracts/store-contract.ts';
import { check, lookSpec, quiet, sqlLook, templateOf } from '../support/graded-lab.ts';
import { startTestPostgres, type TestPostgres } from '../support/postgres.ts';
import { startTestDriver, type TestDriver } from '../support/process-driver.ts';
import { act, graderSql, trial } from '../support/trial-lab.ts';

let test: TestDriver;
let judge: Judge;
let server: TestPostgres;
let pool: pg.Pool;
let store: ReturnType<typeof createPostgresStore>;
let labId: string;
let live: SandboxHandle;
let attempts = 0;
let boxes = 0;

beforeAll(async () => {
  test = await startTestDriver();
  judge = createJudge();
  server = await startTestPostgres();
  const databaseUrl = await server.createDatabase();
  await migrate(databaseUrl, quiet);
  pool = createPool({ databaseUrl, max: 10, name: 'test' }, quiet);
  store = createPostgresStore(pool);
  // What a version is made of is another test's matter: here it need only be known.
  await createTemplateStore(pool, { encode: () => new Uint8Array([1]), decode: () => version }).save(version);
}, 60_000);
afterAll(async () => {
  await judge.close();
  await pool.end();
  await server.stop();
  await test.stop();
}, 60_000);

const own = { uses: [], custody: 'platform' } as const;
const { database } = templateOf([]).template.components;
const components: Record<string, ComponentSpec> = {
  database: { ...(database as ComponentSpec & { kind: 'postgres' }), seed: { files: ['facts.sql'] } },
  app: {
    kind: 'service',
    uses: ['database', 'workspace'],
    custody: 'trainee',
    image: null,
    command: ['node', 'main.mjs'],
    source: { shell: 'workspace', path: 'app', reload: 'on-save', editable: [] },
    files: null,
    port: 9000,
    ready: { by: 'http', path: '/health' },
    env: { SECRET: 'of the lab' },
  },
  workspace: { ...own, kind: 'shell', files: 'workspace/', tools: [] },
};
const program = `
import { createServer } from 'node:http';
import pg from 'pg';
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
pool.on('error', () => {});
createServer(async (request, response) => {
  if (request.url === '/health') return response.end('ok');
  const { rows } = await pool.query('select count(*)::int as n from facts');
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ n: rows[0].n, secret: process.env.SECRET }));
}).listen(Number(process.env.PORT), process.env.HOST);
`;
const text = (content: string) => Buffer.from(content);
const files = new Map([
  ['facts.sql', text(`create table facts (name text); insert into facts values ('one');`)],
  ['workspace/app/main.mjs', text(program)],
]);

const page = lookSpec('http', { component: 'app', path: '/' });
const signal = () => AbortSignal.timeout(60_000);

async function open(): Promise<void> {
  boxes += 1;
  labId = `lab-${boxes}`;
  const { lab } = await store.createLab(newLab(labId));
  const box = newSandbox(`live-${boxes}`, { components: Object.keys(components) });
  const started = won(await store.startSandboxForLab(labId, lab.version, box, { phase: 'provisioning' }, []));
  if (started.sandbox === null) throw new Error('no sandbox');
  const plan = planOf(started.sandbox, version, {});
  for (const name of ['database', 'workspace', 'app']) await test.driver.ensure(plan, name, signal());
  live = bindSandbox(test.driver, plan);
  const up = { version: started.sandbox.version, change: { state: 'up' } } as const;
  const change = { phase: 'ready', params: {}, readyAt: new Date(), sandbox: up } as const;
  won(await store.transition(labId, started.lab.version, change, []));
}

async function grade(stop = signal()): Promise<Attempt> {
  attempts += 1;
  await store.requestAttempt(labId, { id: `att-${attempts}`, final: false, maxPoints: 30, everySeconds: 0 });
  return regrade(stop);
}

/** Runs the newest attempt, as a worker that finds it due does. */
async function regrade(stop = signal()): Promise<Attempt> {
  const deps = {
    attempts: store,
    labs: store,
    operations: store,
    watches: store,
    people: store,
    templates: { load: async () => version },
    drivers: new Map([['process', test.driver]] as const),
    observers: observerKinds(),
    actions: actionKinds(),
    judge,
    draw: drawParameters,
    ids: { sandbox: () => `fork-${++boxes}` },
    evidenceKey: Buffer.alloc(32, 7),
    leaseSeconds: 10,
    clock: realClock,
    log: quiet,
  };
  await runAttempt(`att-${attempts}`, deps, stop);
  const all = await store.listAttempts(labId);
  const last = all.at(-1);
  if (last === undefined) throw new Error('no attempt');
  return last;
}

const calm: TrialSpec = trial(
  'copy',
  [
    graderSql('add', `insert into facts values ('two')`),
    // biome-ignore lint/suspicious/noThenProperty: what a template says to do then
    act('killed', 'kill', { component: 'app', then: 'restart' }),
    { do: 'observe', observe: { page } },
  ],
  {
    fork: { components: ['app'], env: { app: { SECRET: '{{attempt.secret}}' } } },
    draws: { secret: { draw: 'secret', redact: true, length: 16 } },
    deadlineSeconds: 30,
  },
);
const count = sqlLook('select count(*)::int as n from facts');
const checks = [
  check('copy', 'page.json.n == 2 && page.json.secret == attempt.secret', {}, { trial: 'copy' }),
  check('live', 'page.json.n == 1 && page.json.secret == "of the lab"', { page }),
  check('start', 'was.rows[0].n == 1', { was: { ...count, at: 'start' } }),
];
const version = {
  ...templateOf(checks, {
    components,
    trials: [calm],
    grading: { deadlineSeconds: 60, onDemandEverySeconds: 0 },
  }),
  hash: 'hash-1',
  files,
};

beforeEach(open, 60_000);
afterEach(async () => {
  for (const { sandboxId } of await test.driver.list(signal()))
    await test.driver.destroy(sandboxId, signal());
}, 60_000);

it('copies the database and the files, runs the program over them, and leaves nothing', async () => {
  const before = await test.count();
  const attempt = await grade();
  expect(
    attempt.results.map(({ checkId, verdict, message, internal }) => [checkId, verdict, message, internal]),
  ).toEqual([
    ['copy', 'pass', null, null],
    ['live', 'pass', null, null],
    ['start', 'pass', null, null],
  ]);
  expect(await test.count()).toEqual(before);
  expect(await test.driver.list(signal())).toHaveLength(1);
}, 60_000);

it('tells a trainee whose program does not start why, and charges it to them', async () => {
  await live.writeFile('workspace', 'app/main.mjs', text('import nothing from "./gone.mjs";\n'), signal());
  const attempt = await grade();
  const copy = attempt.results.find(({ checkId }) => checkId === 'copy');
  expect(copy?.verdict).toBe('fail');
  expect(copy?.message).toMatch(/app does not run: .*gone\.mjs/s);
  expect(await test.driver.list(signal())).toHaveLength(1);
}, 60_000);

it('leaves nothing when it is stopped in the middle, and grades the same again', async () => {
  const before = await test.count();
  const stop = new AbortController();
  const stopped = grade(stop.signal);
  for (;;) {
    const { rows } = await pool.query(`select from sandboxes where owner is not null and state <> 'dead'`);
    if (rows.length > 0) break;
    await sleep(10);
  }
  await sleep(300);
  stop.abort(new Error('shutdown'));
  await expect(stopped).rejects.toThrow('shutdown');
  expect(await test.count()).toEqual(before);
  const { rows } = await pool.query(`select distinct state from sandboxes where owner is not null`);
  expect(rows).toEqual([{ state: 'dead' }]);
  await regrade();
  expect((await store.getAttempt(labId, 1))?.points).toBe(30);
  expect(await test.count()).toEqual(before);
}, 60_000);
