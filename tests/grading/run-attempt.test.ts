import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { actionKinds } from '../../src/actions/registry.ts';
import { createJudge, type Judge } from '../../src/grading/judge/thread.ts';
import { type RunAttemptDeps, runAttempt } from '../../src/grading/run-attempt.ts';
import type { SandboxDriver } from '../../src/lab/ports.ts';
import { realClock } from '../../src/lab/real-clock.ts';
import { observerKinds } from '../../src/observers/registry.ts';
import { drawParameters } from '../../src/templates/draw.ts';
import { newLab, newSandbox, won } from '../contracts/store-contract.ts';
import { createMemoryDriver, MemoryBackend } from '../fakes/memory-driver.ts';
import { createMemoryStore, type MemoryStore } from '../fakes/memory-store.ts';
import { check, sqlLook, templateOf } from '../support/graded-lab.ts';
import { testHandle } from '../support/handle.ts';
import { type LabDatabase, startLabDatabase } from '../support/lab-database.ts';
import { sampleApi } from '../support/misbehave.ts';

let db: LabDatabase;
let judge: Judge;
let store: MemoryStore;
let deps: RunAttemptDeps;

beforeAll(async () => {
  db = await startLabDatabase();
  judge = createJudge();
  await db.trainee('create table facts (n int); insert into facts values (1)');
});
afterAll(async () => {
  await judge.close();
  await db.stop();
});

const slowly = 'select n from facts, pg_sleep(0.5)';

async function labWith(query: string): Promise<void> {
  const version = {
    ...templateOf([check('one', 'a.rows[0].n == 1', { a: sqlLook(query) })]),
    hash: 'hash-1',
  };
  const components = { database: version.template.components.database };
  await store.save({ ...version, template: { ...version.template, components } as typeof version.template });
  const { lab } = await store.createLab(newLab('lab-1'));
  const started = won(
    await store.startSandboxForLab(
      'lab-1',
      lab.version,
      newSandbox('box-1', { components: ['database'] }),
      { phase: 'provisioning' },
      [],
    ),
  );
  const sandbox = { version: started.sandbox?.version ?? 0, change: { state: 'up' } } as const;
  won(await store.transition('lab-1', started.lab.version, { phase: 'ready', params: {}, sandbox }, []));
  await store.requestAttempt('lab-1', { id: 'att-1', final: true, maxPoints: 10, everySeconds: 0 });
}

beforeEach(() => {
  store = createMemoryStore({ now: () => new Date() });
  const { access, dial } = testHandle({ database: db.access, api: sampleApi(1) });
  const driver: SandboxDriver = {
    ...createMemoryDriver({ backend: new MemoryBackend(), now: () => new Date() }),
    access: (_plan, name) => access(name),
    dial: (_plan, name, signal) => dial(name, signal),
  };
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  deps = {
    attempts: store,
    labs: store,
    templates: store,
    drivers: new Map([['process', driver]]),
    operations: store,
    watches: store,
    people: store,
    observers: observerKinds(),
    actions: actionKinds(),
    judge,
    draw: drawParameters,
    ids: { sandbox: () => randomUUID() },
    evidenceKey: Buffer.alloc(32, 7),
    leaseSeconds: 1,
    clock: realClock,
    log,
  };
});

const run = (signal: AbortSignal = AbortSignal.timeout(20_000)) => runAttempt('att-1', deps, signal);
const attempt = () => store.getAttempt('lab-1', 1);

async function endLab(): Promise<void> {
  const { lab } = await store.getLab('lab-1');
  won(await store.transition('lab-1', lab?.version ?? 0, { phase: 'terminating', endReason: 'deleted' }, []));
}

describe('an attempt', () => {
  it('is graded and recorded with its evidence', async () => {
    await labWith('select n from facts');
    await run();
    const graded = await attempt();
    expect(graded).toMatchObject({
      state: 'finished',
      points: 10,
      results: [{ checkId: 'one', verdict: 'pass' }],
    });
    const address = graded?.results[0]?.evidence.a ?? '';
    expect(await store.evidence(address)).toBeInstanceOf(Uint8Array);
    expect(await store.progress('lab-1')).toMatchObject([{ checkId: 'one', points: 10 }]);
  });

  it('is graded again after a worker was stopped in the middle', async () => {
    await labWith(slowly);
    const stop = new AbortController();
    const first = run(stop.signal);
    await sleep(200);
    stop.abort(new Error('shutdown'));
    await expect(first).rejects.toThrow('shutdown');
    expect(await attempt()).toMatchObject({ state: 'running' });
    await run();
    expect(await attempt()).toMatchObject({ state: 'finished', points: 10 });
  });

  it('is recorded once when two workers grade it', async () => {
    await labWith(slowly);
    await Promise.all([run(), run()]);
    expect(await attempt()).toMatchObject({ state: 'finished', points: 10 });
    const events = await store.eventsAfter('lab-1', 0, 100);
    expect(events.filter(({ type }) => type === 'attempt.finished')).toHaveLength(1);
  });

  it('is not started when it is over', async () => {
    await labWith('select n from facts');
    await run();
    const before = await store.eventsAfter('lab-1', 0, 100);
    await run();
    expect(await store.eventsAfter('lab-1', 0, 100)).toEqual(before);
  });

  it('is void when the lab ended before, or while it was graded', async () => {
    await labWith('select n from facts');
    await endLab();
    await run();
    expect(await attempt()).toMatchObject({ state: 'void' });

    store = createMemoryStore({ now: () => new Date() });
    deps = {
      ...deps,
      attempts: store,
      labs: store,
      operations: store,
      watches: store,
      people: store,
      templates: store,
    };
    await labWith(slowly);
    const running = run();
    await sleep(200);
    await endLab();
    await running;
    expect(await attempt()).toMatchObject({ state: 'void' });
  });

  it('keeps its lease while it is graded', async () => {
    await labWith('select n from facts, pg_sleep(2)');
    const running = run();
    await sleep(1_600);
    expect(await store.claimDue(10, 30)).not.toContain('attempt:att-1');
    await running;
    expect(await attempt()).toMatchObject({ state: 'finished' });
  });

  it('is given up when grading broke too often', async () => {
    await labWith('select n from facts');
    for (let runs = 0; runs < 5; runs += 1) await store.startAttempt('att-1', 1);
    await run();
    expect(await attempt()).toMatchObject({
      state: 'void',
      voidReason: expect.stringContaining('fault of ours'),
    });
  });
});
