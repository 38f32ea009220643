/**
 * The sandboxes that an attempt makes beside its lab: copies to try things on, the untouched start, copies of a
 * workspace. All are gone with the attempt.
 */
import type { Ids } from '../../lab/clock.ts';
import { LabError } from '../../lab/errors.ts';
import type { Sandbox } from '../../lab/lab.ts';
import type { Log } from '../../lab/log.ts';
import { originOf, planOf } from '../../lab/plan.ts';
import type { ForkStore, PlanVariation, SandboxDriver, SandboxPlan } from '../../lab/ports.ts';
import type { Json, TemplateVersion, TrialSpec } from '../../templates/types.ts';
import { LookFailure } from '../look-failure.ts';
import { bindSandbox } from '../sandbox-handle.ts';
import type { SandboxHandle } from '../types.ts';
import { createFork, type Fork } from './fork.ts';
import { closure, databasesOf, dataOf } from './fork-plan.ts';
import { stopKept } from './stop-kept.ts';

interface ForksDeps {
  readonly attemptId: string;
  readonly fence: number;
  readonly store: Pick<ForkStore, 'startFork' | 'endFork'>;
  readonly driver: SandboxDriver;
  readonly ids: Pick<Ids, 'sandbox'>;
  readonly version: TemplateVersion;
  readonly params: Readonly<Record<string, Json>>;
  /** The sandbox of the lab, at the generations that are graded. */
  readonly live: Sandbox;
  /** Told before the lab's databases stand still for a moment. */
  readonly pausing: (components: readonly string[]) => Promise<void>;
  /** The sandbox that keeps the state after a task; null when none is kept. */
  readonly checkpoint: (task: string) => Promise<Sandbox | null>;
  readonly log: Log;
}

/** A trial with the values that this attempt drew for it. */
export interface DrawnTrial {
  readonly trial: TrialSpec;
  readonly attempt: Readonly<Record<string, Json>>;
}

export interface Forks {
  /**
   * Copies the databases that trials fork, in one pause of the lab. Nobody may look at the lab meanwhile. Throws
   * LabError when it cannot be done.
   */
  image(trials: readonly DrawnTrial[], signal: AbortSignal): Promise<void>;
  /** A copy of the lab for this trial, with its programs. Throws LabError. */
  fork(drawn: DrawnTrial, signal: AbortSignal): Promise<Fork>;
  /** The lab as it was at its start, for this trial to act on. Throws LabError. */
  start(components: readonly string[], signal: AbortSignal): Promise<Fork>;
  /** As `LabRecords` says. Throws LookFailure and LabError. */
  reference(at: string, components: readonly string[], signal: AbortSignal): Promise<SandboxHandle>;
  scratch(component: string, signal: AbortSignal): Promise<SandboxHandle>;
  /** Gives all of them up and makes no more. Never throws. */
  dropAll(): Promise<void>;
}

export function createForks(deps: ForksDeps): Forks {
  const { version, params, live } = deps;
  const { components } = version.template;
  const made = new Set<Fork>();
  const references = new Map<string, Promise<Fork>>();
  let imaged: Sandbox | null = null;
  /** The one fork that was cloned from the lab itself, until its trial takes it. */
  let direct: { readonly trial: string; readonly fork: Fork } | null = null;
  /** Kept states that were started to be looked at. */
  const woken = new Map<string, SandboxPlan>();
  let over = false;

  async function record(
    names: readonly string[],
    origin: Sandbox | null,
    variation: PlanVariation | null,
  ): Promise<{ readonly row: Sandbox; readonly fork: Fork }> {
    const { templateId, templateHash, backend } = live;
    const id = deps.ids.sandbox();
    const row = await deps.store.startFork(deps.attemptId, deps.fence, {
      id,
      templateId,
      templateHash,
      backend,
      components: names,
      origin: origin === null ? null : originOf(origin),
    });
    if (row === null) throw new LabError('aborted', 'A newer run has this attempt.');
    const fork = createFork(planOf(row, version, params, variation), deps);
    made.add(fork);
    if (over) {
      await fork.drop();
      throw new LabError('aborted', 'The attempt is over.');
    }
    return { row, fork };
  }

  /** Records and makes these. What cannot be made whole is given up at once. */
  async function make(
    names: readonly string[],
    origin: Sandbox | null,
    variation: PlanVariation | null,
    signal: AbortSignal,
    first: readonly string[] = names,
  ): Promise<{ readonly row: Sandbox; readonly fork: Fork }> {
    const started = await record(names, origin, variation);
    await whole(started.fork, first, signal);
    return started;
  }

  const wholeOf = (trial: TrialSpec) => closure(trial.fork?.components ?? [], components);

  return {
    async image(trials, signal) {
      const forked = trials.filter(({ trial }) => databasesOf(wholeOf(trial), components).length > 0);
      const [only] = forked;
      if (only === undefined) return;
      const all = closure(
        forked.flatMap(({ trial }) => wholeOf(trial)),
        components,
      );
      await deps.pausing(databasesOf(all, components));
      if (forked.length > 1) {
        imaged = (await make(dataOf(all, components), live, null, signal)).row;
        return;
      }
      const names = wholeOf(only.trial);
      const { fork } = await make(names, live, variationOf(only), signal, dataOf(names, components));
      direct = { trial: only.trial.id, fork };
    },

    async fork(drawn, signal) {
      const names = wholeOf(drawn.trial);
      if (direct?.trial === drawn.trial.id) {
        const { fork } = direct;
        direct = null;
        return whole(fork, names, signal);
      }
      const databases = databasesOf(names, components);
      if (imaged === null && databases.length > 0) await deps.pausing(databases);
      return (await make(names, imaged ?? live, variationOf(drawn), signal)).fork;
    },

    async start(names, signal) {
      return (await make(closure(names, components), null, null, signal)).fork;
    },

    async reference(at, names, signal) {
      if (at !== 'start') return checkpointed(at, names, deps, woken, signal);
      const all = closure(names, components);
      const key = all.join();
      const known = references.get(key);
      const making = known ?? make(all, null, null, signal).then(({ fork }) => fork);
      if (known === undefined) {
        references.set(key, making);
        // One that failed may be made again; who waits for this one is told.
        making.catch(() => references.delete(key));
      }
      return (await making).sandbox;
    },

    async scratch(component, signal) {
      return (await make([component], live, null, signal)).fork.sandbox;
    },

    async dropAll() {
      over = true;
      await Promise.all([...made].map((fork) => fork.drop()));
      await Promise.all([...woken.values()].map((plan) => putToRest(plan, deps)));
    },
  };
}

function variationOf({ trial, attempt }: DrawnTrial): PlanVariation {
  return { attempt, env: trial.fork?.env ?? {} };
}

const restWithinMs = 30_000;
const checkpointAt = /^checkpoint:(.+)$/;

/** The kept state itself: looks change nothing in it. It stands still until it is looked at. */
async function checkpointed(
  at: string,
  names: readonly string[],
  deps: ForksDeps,
  woken: Map<string, SandboxPlan>,
  signal: AbortSignal,
): Promise<SandboxHandle> {
  const [, task] = checkpointAt.exec(at) ?? [];
  if (task === undefined)
    throw new LookFailure('bug', 'This check is broken.', `there is no reference ${at}`);
  const kept = await deps.checkpoint(task);
  if (kept !== null) {
    const plan = planOf(kept, deps.version, deps.params);
    woken.set(plan.sandboxId, plan);
    const wanted = closure(names, deps.version.template.components);
    for (const name of wanted.filter((one) => one in plan.components)) {
      await deps.driver.ensure(plan, name, signal);
    }
    return bindSandbox(deps.driver, plan);
  }
  const reason = 'The state after an earlier task is not kept yet.';
  throw new LookFailure('missing', reason, `no checkpoint of ${task}`);
}

/** What is kept costs little. One that cannot be stopped is stopped with the next attempt, or ends with its lab. */
async function putToRest(plan: SandboxPlan, { driver, log }: ForksDeps): Promise<void> {
  try {
    await stopKept(driver, plan, AbortSignal.timeout(restWithinMs));
  } catch (thrown) {
    log.warn({ sandboxId: plan.sandboxId, err: thrown }, 'a kept state could not be stopped');
  }
}

/** The fork with these made; given up at once when they cannot be. */
async function whole(fork: Fork, names: readonly string[], signal: AbortSignal): Promise<Fork> {
  try {
    await fork.ensure(names, signal);
  } catch (thrown) {
    void fork.drop();
    throw thrown;
  }
  return fork;
}
