/** Grades one attempt over what is recorded of its lab, and records what came of it. */
import { createHmac } from 'node:crypto';
import type { Ids } from '../lab/clock.ts';
import type { Lab, Operation, Sandbox } from '../lab/lab.ts';
import type { Log } from '../lab/log.ts';
import { planOf } from '../lab/plan.ts';
import type { LabStore, OperationStore, SandboxDriver, WatchStore } from '../lab/ports.ts';
import type { TemplateVersion } from '../templates/types.ts';
import { attemptRecords } from './attempt-records.ts';
import { faultTimes } from './fault-times.ts';
import { type Graded, gradeLab } from './grade.ts';
import type { Judge } from './judge/thread.ts';
import { noRecords } from './records.ts';
import { sealRecord } from './regrade/attempt-record.ts';
import { bindSandbox } from './sandbox-handle.ts';
import type { Draw } from './trials/drawn.ts';
import { whyDown } from './trials/fork.ts';
import { createForks, type Forks } from './trials/forks.ts';
import { undoAllLive } from './trials/undo-live.ts';
import type { ActionKind, Attempt, AttemptStore, AttemptWork, ObserverKind, PeopleStore } from './types.ts';
import { whatFollows } from './what-follows.ts';

export interface GradeAttemptDeps {
  readonly attempts: Pick<
    AttemptStore,
    'finishAttempt' | 'answers' | 'hintsTaken' | 'progress' | 'startFork' | 'endFork'
  >;
  readonly labs: Pick<LabStore, 'getSandbox' | 'appendEvents'>;
  readonly operations: Pick<OperationStore, 'listOperations'>;
  readonly watches: Pick<WatchStore, 'watchRuns'>;
  readonly people: Pick<PeopleStore, 'marks'>;
  readonly observers: ReadonlyMap<string, ObserverKind>;
  readonly actions: ReadonlyMap<string, ActionKind>;
  readonly judge: Pick<Judge, 'evaluate'>;
  readonly draw: Draw;
  readonly ids: Pick<Ids, 'sandbox'>;
  readonly evidenceKey: Uint8Array | null;
  readonly log: Log;
  /** Told what an attempt's checks were judged on, before it is recorded: what a proof needs and nothing keeps. */
  readonly witness?: Witness;
}

export type Witness = (attempt: Pick<Attempt, 'labId' | 'number'>, judged: Graded['judged']) => void;

/** What is graded: a lab that is ready, at the generations that it has now. */
export interface AttemptSubject {
  readonly work: AttemptWork;
  readonly lab: Lab;
  readonly sandbox: Sandbox;
  readonly version: TemplateVersion;
  readonly driver: SandboxDriver;
}

/** Returns also when a newer run has the attempt. Rejects on abort and for trouble of ours; leaves no fork alive. */
export async function gradeAttempt(
  subject: AttemptSubject,
  deps: GradeAttemptDeps,
  signal: AbortSignal,
): Promise<void> {
  const { work, lab, sandbox, version, driver } = subject;
  const { attempt, fence } = work;
  const operations = await deps.operations.listOperations(lab.id);
  const forks = createForks({
    attemptId: attempt.id,
    fence,
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
    await gradeAndRecord(subject, operations, forks, deps, signal);
  } finally {
    // Recorded or not: what is left over is dead already or will be, and the sweep takes what this cannot.
    await forks.dropAll();
  }
}

/**
 * Undoes what live trials of an earlier run may have left in a lab that is not graded any more. Rejects only for trouble
 * of ours.
 */
export async function undoAttempt(
  { work, lab, sandbox, version, driver }: AttemptSubject,
  deps: GradeAttemptDeps,
): Promise<void> {
  const { template } = version;
  if (template.trials.every(({ fork }) => fork !== null)) return;
  const [answers, operations] = await Promise.all([
    deps.attempts.answers(lab.id),
    deps.operations.listOperations(lab.id),
  ]);
  const plan = planOf(sandbox, version, lab.params);
  const { observers, actions, judge, draw, evidenceKey, log } = deps;
  await undoAllLive({
    version,
    params: lab.params ?? {},
    answers,
    records: { ...noRecords, events: faultTimes(template, operations) },
    observers,
    actions,
    judge,
    limiter: (look) => look(),
    live: {
      sandbox: bindSandbox(driver, plan),
      components: Object.keys(template.components),
      whyDown: async () => null,
    },
    draw,
    seed: seedOf(work.attempt.id, evidenceKey),
    log,
  });
}

async function gradeAndRecord(
  { work, lab, sandbox, version, driver }: AttemptSubject,
  operations: readonly Operation[],
  forks: Forks,
  deps: GradeAttemptDeps,
  signal: AbortSignal,
): Promise<void> {
  const { attempt, fence } = work;
  const [answers, hintsTaken, progress, marks] = await Promise.all([
    deps.attempts.answers(lab.id),
    deps.attempts.hintsTaken(lab.id),
    deps.attempts.progress(lab.id),
    deps.people.marks(lab.id),
  ]);
  const { observers, actions, judge, draw, evidenceKey, log, watches } = deps;
  const plan = planOf(sandbox, version, lab.params);
  const events = faultTimes(version.template, operations);
  const skipped = operations.filter(isDoneSkip).map(({ name }) => name);
  const start = performance.now();
  const graded = await gradeLab(
    {
      version,
      params: lab.params ?? {},
      answers,
      hintsTaken,
      progress,
      marks,
      skipped,
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
  const record = sealRecord({ ...graded, hintsTaken, skipped, progress, marks }, evidenceKey);
  deps.witness?.(attempt, graded.judged);
  const following = whatFollows(version.template, results, operations);
  const recorded = await deps.attempts.finishAttempt(attempt.id, fence, {
    points,
    penalty,
    results,
    evidence,
    record,
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
  { labs }: Pick<GradeAttemptDeps, 'labs'>,
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
