/**
 * A lab whose copies are real databases, over the in-memory backend and store: what trials do can be watched. Every
 * copy holds the table `facts (name text, n int)` of what it was copied from, as the port promises for all data.
 */
import { actionKinds } from '../../src/actions/registry.ts';
import { createJudge } from '../../src/grading/judge/thread.ts';
import { type RunAttemptDeps, runAttempt } from '../../src/grading/run-attempt.ts';
import type { Operation } from '../../src/lab/lab.ts';
import type { SandboxDriver, SandboxPlan } from '../../src/lab/ports.ts';
import { realClock } from '../../src/lab/real-clock.ts';
import { observerKinds } from '../../src/observers/registry.ts';
import { drawParameters } from '../../src/templates/draw.ts';
import type { CheckSpec, StepSpec, Template, TrialSpec } from '../../src/templates/types.ts';
import { newLab, newSandbox, won } from '../contracts/store-contract.ts';
import { createMemoryDriver, MemoryBackend } from '../fakes/memory-driver.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { quiet, templateOf } from './graded-lab.ts';
import { testHandle } from './handle.ts';
import { type LabDatabase, startLabDatabase } from './lab-database.ts';

/** Copies at a time that a test may have. */
const copies = 6;

export interface TrialWorld {
  readonly live: LabDatabase;
  readonly start: LabDatabase;
  readonly judge: ReturnType<typeof createJudge>;
  readonly pool: readonly LabDatabase[];
  stop(): Promise<void>;
}

export async function startTrialWorld(): Promise<TrialWorld> {
  const judge = createJudge();
  const all = await Promise.all(Array.from({ length: copies + 2 }, startLabDatabase));
  const [live, start, ...pool] = all;
  if (live === undefined || start === undefined) throw new Error('no databases');
  for (const db of all) await db.trainee('create table facts (name text, n int)');
  await start.trainee(`insert into facts values ('one', 1)`);
  return {
    live,
    start,
    judge,
    pool,
    async stop() {
      await judge.close();
      for (const db of all) await db.stop();
    },
  };
}

/** A step as an author writes it, parsed as the template's loader does. */
function step(id: string, kind: string, spec: object): StepSpec {
  const parsed = actionKinds().get(kind)?.spec.parse(spec) as StepSpec['spec'];
  return { id, kind, spec: parsed, save: {}, allowIdle: null };
}

export const act = (id: string, kind: string, spec: object) =>
  ({ do: 'act', step: step(id, kind, spec) }) as const;
export const graderSql = (id: string, statement: string, args: readonly unknown[] = []) =>
  act(id, 'sql', { component: 'database', as: 'grader', statement, args });

export function trial(id: string, steps: TrialSpec['steps'], more: Partial<TrialSpec> = {}): TrialSpec {
  const fork = { components: ['database'], env: {} };
  return { id, fork, beside: null, draws: {}, deadlineSeconds: 10, steps, undo: [], ...more };
}

export interface TrialLab {
  readonly store: ReturnType<typeof createMemoryStore>;
  readonly backend: MemoryBackend;
  readonly deps: RunAttemptDeps;
  /** Everything that was asked of the driver: `ensure fork-2 database`, `dial live`, `destroy fork-2`. */
  readonly effects: string[];
  /** Asked before each effect. */
  fails: (effect: string) => boolean;
  /** Requests an attempt and grades it. */
  grade(signal?: AbortSignal): ReturnType<TrialLab['latest']>;
  request(): Promise<string>;
  latest(): Promise<Awaited<ReturnType<ReturnType<typeof createMemoryStore>['getAttempt']>>>;
  /** Sandboxes in the world beside the lab's own. */
  leftOver(): readonly string[];
}

/** A ready lab of these checks and trials; its database is the world's `live`, emptied and filled with fact one. */
export async function openTrialLab(
  world: TrialWorld,
  checks: readonly CheckSpec[],
  more: Partial<Template> = {},
  plant: readonly Operation['name'][] = [],
): Promise<TrialLab> {
  await world.live.trainee(`truncate facts; insert into facts values ('one', 1)`);
  const store = createMemoryStore({ now: () => new Date() });
  const backend = new MemoryBackend();
  const made = Object.keys({ ...templateOf(checks, more).template.components, ...more.components }).map(
    (name) => [name, { generation: 1, broken: false }] as const,
  );
  backend.sandboxes.set('live', { createdAt: new Date(), components: new Map(made) });
  const effects: string[] = [];
  const databases = new Map<string, LabDatabase>([['live', world.live]]);
  const base = templateOf(checks, more);
  const components = { database: base.template.components.database } as Template['components'];
  const version = { ...base, hash: 'hash-1', template: { ...base.template, components, ...more } };
  await store.save(version);

  const memory = createMemoryDriver({ backend, now: () => new Date() });
  const databaseOf = (plan: SandboxPlan): LabDatabase => {
    const found = databases.get(plan.sandboxId);
    if (found === undefined) throw new Error(`there is no database of ${plan.sandboxId}`);
    return found;
  };
  const handle = (plan: SandboxPlan) => testHandle({ database: databaseOf(plan).access });
  let cloning: Promise<void> = Promise.resolve();
  async function clone(plan: SandboxPlan): Promise<void> {
    const free =
      plan.origin === null ? world.start : world.pool.find((db) => ![...databases.values()].includes(db));
    if (free === undefined) throw new Error('the test has too many copies');
    databases.set(plan.sandboxId, free);
    if (plan.origin === null) return;
    const { rows } = await databaseOf(plan.origin).admin('select * from facts');
    await free.trainee('truncate facts');
    for (const { name, n } of rows) await free.trainee(`insert into facts values ('${name}', ${n})`);
  }
  function told(effect: string): void {
    effects.push(effect);
    if (lab.fails(effect)) throw new Error(`the test fails ${effect}`);
  }
  const driver: SandboxDriver = {
    ...memory,
    async ensure(plan, name, signal) {
      told(`ensure ${plan.sandboxId} ${name}`);
      await memory.ensure(plan, name, signal);
      if (name === 'database' && !databases.has(plan.sandboxId)) {
        // One after the other: the databases have one connection each.
        cloning = cloning.catch(() => {}).then(() => clone(plan));
        await cloning;
      }
    },
    async destroy(id, signal) {
      told(`destroy ${id}`);
      await memory.destroy(id, signal);
      databases.delete(id);
    },
    access: (plan, name) => handle(plan).access(name),
    dial: async (plan, name, signal) => {
      told(`dial ${plan.sandboxId}`);
      return handle(plan).dial(name, signal);
    },
  };
  let boxes = 0;
  let attempts = 0;
  const deps: RunAttemptDeps = {
    attempts: store,
    labs: store,
    operations: store,
    watches: store,
    people: store,
    templates: store,
    drivers: new Map([['process', driver]]),
    observers: observerKinds(),
    actions: actionKinds(),
    judge: world.judge,
    draw: drawParameters,
    ids: { sandbox: () => `fork-${++boxes}` },
    evidenceKey: Buffer.alloc(32, 7),
    leaseSeconds: 5,
    clock: realClock,
    log: quiet,
  };
  const lab: TrialLab = {
    store,
    backend,
    deps,
    effects,
    fails: () => false,
    async request() {
      const id = `att-${++attempts}`;
      await store.requestAttempt('lab-1', { id, final: false, maxPoints: 10, everySeconds: 0 });
      return id;
    },
    latest: () => store.getAttempt('lab-1', attempts),
    async grade(signal = AbortSignal.timeout(30_000)) {
      await runAttempt(await lab.request(), deps, signal);
      return lab.latest();
    },
    leftOver: () => [...backend.sandboxes.keys()].filter((id) => id !== 'live'),
  };
  const { lab: row } = await store.createLab(newLab('lab-1'));
  const box = newSandbox('live', { components: Object.keys(components) });
  const started = won(
    await store.startSandboxForLab('lab-1', row.version, box, { phase: 'provisioning' }, []),
  );
  const sandbox = { version: started.sandbox?.version ?? 0, change: { state: 'up' } } as const;
  const change = {
    phase: 'ready',
    params: {},
    readyAt: new Date(),
    sandbox,
    plant: plant.map((name) => ({ kind: 'fault', name, dueInSeconds: null }) as const),
  } as const;
  won(await store.transition('lab-1', started.lab.version, change, []));
  return lab;
}
