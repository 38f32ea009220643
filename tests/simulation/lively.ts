/** What goes on in labs beside their rows: attempts, faults, skips, checkpoints and watches, by the real code. */
import type { OperationDeps } from '../../src/grading/operations/operation-deps.ts';
import { createOperationService } from '../../src/grading/operations/operation-service.ts';
import { runOperation } from '../../src/grading/operations/run-operation.ts';
import type { ActionKind, Observation, ObserverKind } from '../../src/grading/types.ts';
import { watchLab } from '../../src/grading/watches/watch-lab.ts';
import type { Clock, Ids } from '../../src/lab/clock.ts';
import type { LabService } from '../../src/lab/lab-service.ts';
import type { LabQueue, SandboxDriver } from '../../src/lab/ports.ts';
import { whileHeld } from '../../src/lab/while-held.ts';
import type { BackendName } from '../../src/templates/types.ts';
import type { MemoryStore } from '../fakes/memory-store.ts';
import { noExports } from '../fakes/no-exports.ts';
import type { Effects } from './effects.ts';
import { gradeAttempt, simulated } from './grader.ts';
import type { Looks } from './looks.ts';
import type { Owners } from './owners.ts';

interface LivelyDeps {
  readonly store: MemoryStore;
  readonly driver: SandboxDriver;
  readonly queue: LabQueue;
  readonly ids: Ids;
  readonly leaseSeconds: number;
  readonly clock: Clock;
  readonly now: () => Date;
  readonly pause: () => Promise<void>;
  /** Whether something fails that does so this often; drawn anew at each call. */
  readonly chance: (share: number) => boolean;
  /** Whether the trainee's work is right. */
  readonly passes: () => boolean;
  /** Whether all components of the lab's sandbox run. */
  readonly works: (labId: string) => boolean;
  readonly effects: Effects;
  readonly looks: Looks;
  readonly owners: Owners;
}

const log = { debug() {}, info() {}, warn() {}, error() {} };
const never = new AbortController().signal;
const judge: OperationDeps['judge'] = {
  evaluate: async ({ scope }) => [{ kind: 'value', value: scope.it === true }],
};

/** All of it for one process: what it holds dies with it. */
export function lively(deps: LivelyDeps) {
  const store = watched(deps);
  const { driver, queue, ids, leaseSeconds, clock, pause } = deps;
  const drivers = new Map<BackendName, SandboxDriver>([['process', driver]]);
  const common = { drivers, templates: store, labs: store, judge, leaseSeconds, clock, log };

  async function operate(id: string): Promise<void> {
    let fence = 0;
    const startOperation: MemoryStore['startOperation'] = async (...about) => {
      const work = await store.startOperation(...about);
      fence = work?.fence ?? 0;
      return work;
    };
    const action: ActionKind<{ id: string }> = {
      ...simulated,
      async run({ id: step }) {
        await pause();
        if (deps.chance(0.03)) return { ok: false, reason: 'it was refused', value: null };
        deps.effects.did(id, fence, step);
        await pause();
        return { ok: true, value: { id: step } };
      },
    };
    const operation: OperationDeps = {
      ...common,
      operations: { ...store, startOperation },
      forks: store,
      exporter: noExports,
      attempts: store,
      actions: new Map([[action.kind, action as unknown as ActionKind]]),
      observers: new Map(),
      queue,
      ids,
      nearest: () => null,
      drawBetween: (_seed, _name, from) => from,
    };
    await whileHeld(`operation:${id}`, common, () =>
      runOperation(id, operation, { soon: never, now: never }),
    );
  }

  async function watch(labId: string): Promise<void> {
    let fence = 0;
    const observer: ObserverKind = {
      ...simulated,
      async observe(): Promise<Observation> {
        const at = deps.now();
        const look = deps.looks.begin(labId, { at: at.getTime(), good: deps.works(labId), fence });
        await pause();
        look.done = true;
        return { outcome: 'seen', value: look.good, at, durationMs: 0 };
      },
    };
    const watches = {
      async startWatching(...about: Parameters<MemoryStore['startWatching']>) {
        const held = await store.startWatching(...about);
        fence = held?.fence ?? 0;
        return held;
      },
      async keepSamples(...about: Parameters<MemoryStore['keepSamples']>) {
        const seen = deps.looks.ofHolder(labId, fence);
        const kept = await store.keepSamples(...about);
        if (kept) deps.looks.checkKept(labId, seen);
        return kept;
      },
    };
    const observers = new Map([[observer.kind, observer]]);
    const limiter = <T>(work: () => Promise<T>) => work();
    await whileHeld(`watch:${labId}`, common, () =>
      watchLab(labId, { ...common, watches, observers, limiter }, never),
    );
  }

  return {
    operate,
    watch,
    grade: (id: string) => gradeAttempt(id, { ...deps, ...common, store }),
    operations: (labs: Pick<LabService, 'getLabWithTemplate'>) =>
      createOperationService({ labs, attempts: store, operations: store, judge, queue, nearest: () => null }),
  };
}

/** The store, with a word to `owners` of whatever is asked for. */
function watched({ store, owners }: LivelyDeps): MemoryStore {
  return {
    ...store,
    startFork(id, fence, sandbox) {
      owners.asks(sandbox.id, fence);
      return store.startFork(id, fence, sandbox);
    },
    startCheckpoint(id, fence, sandbox) {
      owners.asks(sandbox.id, fence);
      return store.startCheckpoint(id, fence, sandbox);
    },
  };
}
