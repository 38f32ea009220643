/**
 * One requested attempt, from its row to its record. Safe to run again after any crash: every run claims a new fence,
 * and only the newest is recorded.
 */
import type { Clock } from '../lab/clock.ts';
import type { Log } from '../lab/log.ts';
import { planOf } from '../lab/plan.ts';
import type { LabStore, SandboxDriver, SandboxPlan, Snapshot, TemplateStore } from '../lab/ports.ts';
import { whileHeld } from '../lab/while-held.ts';
import type { BackendName } from '../templates/types.ts';
import { gradeLab } from './grade.ts';
import type { Judge } from './judge/thread.ts';
import { noRecords } from './records.ts';
import { bindSandbox } from './sandbox-handle.ts';
import { type Standing, staleness } from './staleness.ts';
import type { AttemptStore, AttemptWork, ObserverKind } from './types.ts';

export interface RunAttemptDeps {
  readonly attempts: Pick<
    AttemptStore,
    'startAttempt' | 'finishAttempt' | 'voidAttempt' | 'answers' | 'hintsTaken' | 'progress'
  >;
  readonly labs: Pick<LabStore, 'getLab' | 'holdDue'>;
  readonly templates: Pick<TemplateStore, 'load'>;
  readonly drivers: ReadonlyMap<BackendName, SandboxDriver>;
  readonly observers: ReadonlyMap<string, ObserverKind>;
  readonly judge: Pick<Judge, 'evaluate'>;
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
  const { attempt, fence } = work;
  const snapshot = await deps.labs.getLab(attempt.labId);
  const version = await deps.templates.load(attempt.templateHash);
  const driver = snapshot.lab === null ? undefined : deps.drivers.get(snapshot.lab.backend);
  const stale = staleness(work, standing(snapshot), 'before it was graded');
  if (stale !== null) return deps.attempts.voidAttempt(attempt.id, stale);
  if (version === null || driver === undefined || snapshot.lab === null || snapshot.sandbox === null) {
    return deps.attempts.voidAttempt(attempt.id, 'This installation can no longer grade this lab.');
  }
  const plan: SandboxPlan = planOf(snapshot.sandbox, version, snapshot.lab.params);
  const [answers, hintsTaken, progress] = await Promise.all([
    deps.attempts.answers(attempt.labId),
    deps.attempts.hintsTaken(attempt.labId),
    deps.attempts.progress(attempt.labId),
  ]);
  const { observers, judge, evidenceKey } = deps;
  const sandbox = bindSandbox(driver, plan);
  const params = snapshot.lab.params ?? {};
  const start = performance.now();
  const graded = await gradeLab(
    {
      version,
      params,
      answers,
      hintsTaken,
      progress,
      sandbox,
      records: noRecords,
      observers,
      judge,
      evidenceKey,
    },
    signal,
  );
  const { points, penalty, results, evidence } = graded;
  const recorded = await deps.attempts.finishAttempt(attempt.id, fence, {
    points,
    penalty,
    results,
    evidence,
  });
  const about = { attemptId: attempt.id, labId: attempt.labId, ms: Math.round(performance.now() - start) };
  for (const { checkId, verdict, internal } of results) {
    if (verdict === 'error') deps.log.warn({ ...about, checkId, internal }, 'a check could not be judged');
  }
  deps.log.info({ ...about, points, recorded }, 'an attempt was graded');
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
