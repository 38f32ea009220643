/**
 * One requested attempt, from its row to its record. Safe to run again after any crash: every run claims a new fence,
 * and only the newest is recorded.
 */
import { createHmac } from 'node:crypto';
import type { Clock, Ids } from '../lab/clock.ts';
import type { Lab, Operation, Sandbox } from '../lab/lab.ts';
import type { Log } from '../lab/log.ts';
import { planOf } from '../lab/plan.ts';
import type {
  LabStore,
  OperationStore,
  SandboxDriver,
  Snapshot,
  TemplateStore,
  WatchStore,
} from '../lab/ports.ts';
import { whileHeld } from '../lab/while-held.ts';
import type { BackendName, TemplateVersion } from '../templates/types.ts';
import { attemptRecords } from './attempt-records.ts';
import { faultTimes } from './fault-times.ts';
import { gradeLab } from './grade.ts';
import type { Judge } from './judge/thread.ts';
import { bindSandbox } from './sandbox-handle.ts';
import { type Standing, staleness } from './staleness.ts';
import { whyDown } from './trials/fork.ts';
import { createForks, type Forks } from './trials/forks.ts';
import type { Draw } from './trials/trials.ts';
import type { ActionKind, AttemptStore, AttemptWork, ObserverKind, PeopleStore } from './types.ts';
import { whatFollows } from './what-follows.ts';

export interface RunAttemptDeps {
  readonly attempts: Pick<
    AttemptStore,
    | 'startAttempt'
    | 'finishAttempt'
    | 'voidAttempt'
    | 'answers'
    | 'hintsTaken'
    | 'progress'
    | 'startFork'
    | 'endFork'
  >;
  readonly labs: Pick<LabStore, 'getLab' | 'getSandbox' | 'holdDue' | 'appendEvents'>;
  readonly operations: Pick<OperationStore, 'listOperations'>;
  readonly watches: Pick<WatchStore, 'watchRuns'>;
  readonly people: Pick<PeopleStore, 'marks'>;
  readonly templates: Pick<TemplateStore, 'load'>;
  readonly drivers: ReadonlyMap<BackendName, SandboxDriver>;
  readonly observers: ReadonlyMap<string, ObserverKind>;
  readonly actions: ReadonlyMap<string, ActionKind>;
  readonly judge: Pick<Judge, 'evaluate'>;
  readonly draw: Draw;
  readonly ids: Pick<Ids, 'sandbox'>;
  readonly evidenceKey: Uint8Array | null;
  readonly leaseSeconds: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** A grader that broke so often over one attempt will break again. */
const mostRuns = 5;

/**
 * Grades the attempt and records it; returns without a record when it is not open any more, or when a newer run has
 * it. Void when the lab is not what was to be graded. Rejects on abort and for trouble of ours: its row is due again.
 */
export async function runAttempt(
  attemptId: string,
  deps: RunAttemptDeps,
  signal: AbortSignal,
): Promise<void> {
  const work = await deps.attempts.startAttempt(attemptId, deps.leaseSeconds);
  if (work === null) return;
  if (work.fence > mostRuns) {
    deps.log.error({ attemptId, fence: work.fence }, 'an attempt was given up after too many runs');
    await deps.attempts.voidAttempt(attemptId, 'It could not be graded, through a fault of ours. Ask again.');
    return;
  }
  await whileHeld(`attempt:${attemptId}`, deps, () => grade(work, deps, signal));
}

async function grade(work: AttemptWork, deps: RunAttemptDeps, signal: AbortSignal): Promise<void> {
  const { attempt } = work;
  const { lab, sandbox, ...snapshot } = await deps.labs.getLab(attempt.labId);
  const version = await deps.templates.load(attempt.templateHash);
  const driver = lab === null ? undefined : deps.drivers.get(lab.backend);
  const stale = staleness(work, standing({ lab, sandbox, ...snapshot }), 'before it was graded');
  if (stale !== null) return deps.attempts.voidAttempt(attempt.id, stale);
  if (version === null || driver === undefined || lab === null || sandbox === null) {
    return deps.attempts.voidAttempt(attempt.id, 'This installation can no longer grade this lab.');
  }
  const operations = await deps.operations.listOperations(lab.id);
  const forks = createForks({
    attemptId: attempt.id,
    fence: work.fence,
    store: deps.attempts,
    driver,
    ids: deps.ids,
    version,
    params: lab.params ?? {},
    live: sandbox,
    pausing: (components) => {
      const data = { attempt: attempt.number, components: [...components] };
      return deps.labs.appendEvents(lab.id, [{ type: 'lab.pausing', data }]);
    },
    checkpoint: (task) => keptState(task, operations, deps),
    log: deps.log,
  });
  try {
    await gradeAndRecord({ work, lab, sandbox, version, driver, operations, forks }, deps, signal);
  } finally {
    // Recorded or not: what is left over is dead already or will be, and the sweep takes what this cannot.
    await forks.dropAll();
  }
}

interface Subject {
  readonly work: AttemptWork;
  readonly lab: Lab;
  readonly sandbox: Sandbox;
  readonly version: TemplateVersion;
  readonly driver: SandboxDriver;
  readonly operations: readonly Operation[];
  readonly forks: Forks;
}

async function gradeAndRecord(subject: Subject, deps: RunAttemptDeps, signal: AbortSignal): Promise<void> {
  const { work, lab, version, driver, operations, forks } = subject;
  const { attempt, fence } = work;
  const [answers, hintsTaken, progress, marks] = await Promise.all([
    deps.attempts.answers(lab.id),
    deps.attempts.hintsTaken(lab.id),
    deps.attempts.progress(lab.id),
    deps.people.marks(lab.id),
  ]);
  const { observers, actions, judge, draw, evidenceKey, log, watches } = deps;
  const plan = planOf(subject.sandbox, version, lab.params);
  const events = faultTimes(version.template, operations);
  const start = performance.now();
  const graded = await gradeLab(
    {
      version,
      params: lab.params ?? {},
      answers,
      hintsTaken,
      progress,
      marks,
      skipped: operations.filter(isDoneSkip).map(({ name }) => name),
      sandbox: bindSandbox(driver, plan),
      whyDown: (component, within) => whyDown(driver, plan, component, within),
      records: attemptRecords({ lab, version, events, watches, forks }),
      observers,
      actions,
      judge,
      forks,
      draw,
      seed: seedOf(attempt.id, evidenceKey),
      fence,
      evidenceKey,
      log,
    },
    signal,
  );
  const { points, penalty, results, evidence } = graded;
  const following = whatFollows(version.template, results, operations);
  const recorded = await deps.attempts.finishAttempt(attempt.id, fence, {
    points,
    penalty,
    results,
    evidence,
    ...following,
  });
  const about = { attemptId: attempt.id, labId: lab.id, ms: Math.round(performance.now() - start) };
  for (const { checkId, verdict, internal } of results) {
    if (verdict === 'error') log.warn({ ...about, checkId, internal }, 'a check could not be judged');
  }
  log.info({ ...about, points, recorded }, 'an attempt was graded');
}

const isDoneSkip = ({ kind, state }: Operation) => kind === 'skip' && state === 'done';

/** The sandbox that keeps the state after a task; null when there is none, or not any more. */
async function keptState(
  task: string,
  operations: readonly Operation[],
  { labs }: Pick<RunAttemptDeps, 'labs'>,
): Promise<Sandbox | null> {
  const kept = operations.find(
    (one) => one.kind === 'checkpoint' && one.name === task && one.state === 'done',
  );
  if (kept === undefined || kept.sandboxId === null) return null;
  const { sandbox } = await labs.getSandbox(kept.sandboxId);
  return sandbox?.state === 'up' || sandbox?.state === 'building' ? sandbox : null;
}

/** Attempt ids are no secret; what trials draw is, until they run. */
function seedOf(attemptId: string, key: Uint8Array | null): string {
  return key === null ? attemptId : createHmac('sha256', key).update(`trials ${attemptId}`).digest('hex');
}

/** What the lab is now, as far as a grade speaks of it. */
function standing({ lab, sandbox }: Snapshot): Standing {
  const components = Object.entries(sandbox?.components ?? {});
  return {
    phase: lab?.phase ?? 'terminated',
    sandboxId: sandbox?.id ?? null,
    generations: Object.fromEntries(components.map(([name, row]) => [name, row.generation])),
  };
}
