/** The trials of one attempt: each run once, side by side, however many checks read them. */
import pLimit from 'p-limit';
import type { Json, TrialSpec } from '../../templates/types.ts';
import type { Seen } from '../look-all.ts';
import { type Recorded, record } from '../record.ts';
import type { Side } from './bench.ts';
import { type Drawn, drawFor, drawnIn } from './drawn.ts';
import type { Fork } from './fork.ts';
import type { DrawnTrial, Forks } from './forks.ts';
import type { LiveLock } from './live-lock.ts';
import { notReached, runTrial, wasUntried } from './run-trial.ts';
import { uncopied, untried } from './trouble.ts';
import { type Undoing, undoAllLive, undoLive } from './undo-live.ts';

/** Trials at once: what a machine can carry beside the labs themselves. */
const trialsAtOnce = 3;

interface TrialsDeps extends Undoing {
  /** Those that a check waits for: the others are not run. */
  readonly wanted: ReadonlySet<string>;
  /** Null: there is no way to copy the lab. */
  readonly forks: Pick<Forks, 'image' | 'fork' | 'start'> | null;
  readonly lock: LiveLock;
  /** Raised by every run of the attempt. */
  readonly fence: number;
  readonly evidenceKey: Uint8Array | null;
  /** Of the attempt, by `performance.now()`; asked when it matters. */
  readonly deadline: () => number;
}

export interface TrialRecord {
  readonly trial: TrialSpec;
  /** What was drawn for it. */
  readonly attempt: Readonly<Record<string, Json>>;
  readonly seen: Readonly<Record<string, Recorded>>;
}

export interface Trials {
  /** Undoes what an earlier run may have left, and copies the lab. Nobody may look at the lab meanwhile. */
  prepare(): Promise<void>;
  /** Starts them all. */
  start(): void;
  /** What a trial showed, as soon as it is over; null when there is none of this id. */
  seen(id: string): Promise<TrialRecord | null>;
  /** As `seen`, after another run, the only one, of a trial that could not be run through our own fault. */
  again(id: string): Promise<TrialRecord | null>;
  /** When none is under way any more and what was done to the lab itself is undone. Never rejects. */
  over(): Promise<void>;
}

/** All but `over` reject only on abort. */
export function createTrials(deps: TrialsDeps, signal: AbortSignal): Trials {
  const { version, forks, live, lock, log } = deps;
  const limit = pLimit(trialsAtOnce);
  const drawn = version.template.trials
    .filter(({ id }) => deps.wanted.has(id))
    .map((trial) => drawFor(trial, deps));
  const runs = new Map<string, Promise<TrialRecord>>();
  const reruns = new Map<string, Promise<TrialRecord>>();
  const left = () => Math.max(0, deps.deadline() - performance.now());
  const common = (one: Drawn) => ({ ...deps, ...one, drawn: drawnIn(one, deps) });

  function once(one: Drawn): Promise<TrialRecord> {
    return one.trial.fork === null
      ? lock.alone(() => recorded(one, onLive))
      : limit(() => recorded(one, onFork));
  }

  async function recorded(one: Drawn, run: (one: Drawn) => Promise<Seen>): Promise<TrialRecord> {
    let seen: Seen;
    try {
      signal.throwIfAborted();
      const problem = left() <= 0 ? 'the attempt was over before it began' : one.problem;
      seen = problem === null ? await run(one) : notReached(one.trial, untried(problem));
    } catch (thrown) {
      signal.throwIfAborted();
      const internal = thrown instanceof Error ? thrown.message : String(thrown);
      log.warn({ trial: one.trial.id, err: thrown }, 'a trial could not be run');
      seen = notReached(one.trial, uncopied(thrown) ?? untried(internal));
    }
    const kept = Object.entries(seen).map(([name, look]) => [name, record(look, deps.evidenceKey)] as const);
    return { trial: one.trial, attempt: one.attempt, seen: Object.fromEntries(kept) };
  }

  async function onFork(one: Drawn): Promise<Seen> {
    if (forks === null) throw new Error('there is no way to copy the lab');
    const soon = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(left()))]);
    const { beside } = one.trial;
    const making = [
      forks.fork(one, soon),
      ...(beside === null ? [] : [forks.start(beside.components, soon)]),
    ];
    const made = await Promise.allSettled(making);
    const up = made.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    try {
      const failed = made.find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
      const [fork, start = null] = up.map(sideOf);
      if (fork === undefined) throw new Error('no fork was made');
      return await runTrial({ ...common(one), fork, start, deadline: deadlineOf(one) }, signal);
    } finally {
      // Nobody waits for it: `dropAll` does, when the attempt is over.
      for (const fork of up) void fork.drop();
    }
  }

  async function onLive(one: Drawn): Promise<Seen> {
    try {
      return await runTrial({ ...common(one), fork: live, start: null, deadline: deadlineOf(one) }, signal);
    } finally {
      await undoLive(one, deps);
    }
  }

  const deadlineOf = ({ trial }: DrawnTrial) =>
    Math.min(deps.deadline(), performance.now() + trial.deadlineSeconds * 1_000);

  return {
    async prepare() {
      if (deps.fence > 1) await undoAllLive(deps);
      const forked = drawn.filter((one) => one.trial.fork !== null && one.problem === null);
      if (forks === null || forked.length === 0) return;
      try {
        await forks.image(forked, AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(left()))]));
      } catch (thrown) {
        signal.throwIfAborted();
        // Each trial makes its own copy then, or says that it cannot.
        log.warn({ err: thrown }, 'the lab could not be copied at once');
      }
    },
    start() {
      for (const one of drawn) {
        const run = once(one);
        // Trials that no check reads have nobody to tell of an abort.
        run.catch(() => {});
        runs.set(one.trial.id, run);
      }
    },
    seen: async (id) => runs.get(id) ?? null,
    async again(id) {
      const one = drawn.find(({ trial }) => trial.id === id);
      const first = await runs.get(id);
      if (one === undefined || first === undefined) return null;
      const seen = Object.fromEntries(
        Object.entries(first.seen).map(([name, { observation }]) => [name, observation]),
      );
      if (!wasUntried(seen) || left() <= 0) return first;
      const rerun = reruns.get(id) ?? once(one);
      reruns.set(id, rerun);
      return rerun;
    },
    async over() {
      await Promise.allSettled([...runs.values(), ...reruns.values()]);
    },
  };
}

function sideOf({ sandbox, plan, whyDown }: Fork): Side {
  return { sandbox, components: Object.keys(plan.components), whyDown };
}
