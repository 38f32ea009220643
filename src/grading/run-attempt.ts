/**
 * One requested attempt, from its row to its record. Safe to run again after any crash: every run claims a new fence,
 * and only the newest is recorded.
 */
import type { Clock } from '../lab/clock.ts';
import type { LabStore, SandboxDriver, Snapshot, TemplateStore } from '../lab/ports.ts';
import { whileHeld } from '../lab/while-held.ts';
import type { BackendName } from '../templates/types.ts';
import { type AttemptSubject, type GradeAttemptDeps, gradeAttempt, undoAttempt } from './grade-attempt.ts';
import { type Standing, staleness } from './staleness.ts';
import type { AttemptStore, AttemptWork } from './types.ts';

export interface RunAttemptDeps extends GradeAttemptDeps {
  readonly attempts: GradeAttemptDeps['attempts'] & Pick<AttemptStore, 'startAttempt' | 'voidAttempt'>;
  readonly labs: GradeAttemptDeps['labs'] & Pick<LabStore, 'getLab' | 'holdDue'>;
  readonly templates: Pick<TemplateStore, 'load'>;
  readonly drivers: ReadonlyMap<BackendName, SandboxDriver>;
  readonly leaseSeconds: number;
  readonly clock: Clock;
}

/** A grader that broke so often over one attempt will break again. */
const mostRuns = 5;
/** What live trials left is undone in so many runs more, should that break a worker too. */
const mostUndos = 2;

/**
 * Grades the attempt and records it; returns without a record when it is not open any more, or when a newer run has
 * it. Void when the lab is not what was to be graded; what an earlier run may have left in it is undone before. Rejects
 * on abort and for trouble of ours: its row is due again.
 */
export async function runAttempt(
  attemptId: string,
  deps: RunAttemptDeps,
  signal: AbortSignal,
): Promise<void> {
  const work = await deps.attempts.startAttempt(attemptId, deps.leaseSeconds);
  if (work === null) return;
  await whileHeld(`attempt:${attemptId}`, deps, () => run(work, deps, signal));
}

async function run(work: AttemptWork, deps: RunAttemptDeps, signal: AbortSignal): Promise<void> {
  const { attempt, fence } = work;
  const snapshot = await deps.labs.getLab(attempt.labId);
  const subject = await subjectOf(work, snapshot, deps);
  const stale = staleness(work, standing(snapshot), 'before it was graded');
  if (stale === null && subject !== null && fence <= mostRuns) return gradeAttempt(subject, deps, signal);
  // In a sandbox that the lab has not any more, or that ends, nothing is left to undo.
  const sameLab = snapshot.lab?.phase === 'ready' && snapshot.sandbox?.id === work.sandboxId;
  if (subject !== null && sameLab && fence > 1 && fence <= mostRuns + mostUndos) {
    await undoAttempt(subject, deps);
  }
  await deps.attempts.voidAttempt(attempt.id, whyVoid(work, stale, subject === null, deps));
}

function whyVoid(
  { attempt, fence }: AttemptWork,
  stale: string | null,
  isUnknown: boolean,
  { log }: RunAttemptDeps,
): string {
  if (stale !== null) return stale;
  if (isUnknown) return 'This installation can no longer grade this lab.';
  log.error({ attemptId: attempt.id, fence }, 'an attempt was given up after too many runs');
  return 'It could not be graded, through a fault of ours. Ask again.';
}

/** Null when this installation has not what the lab needs. */
async function subjectOf(
  work: AttemptWork,
  { lab, sandbox }: Snapshot,
  { templates, drivers }: RunAttemptDeps,
): Promise<AttemptSubject | null> {
  const version = await templates.load(work.attempt.templateHash);
  const driver = lab === null ? undefined : drivers.get(lab.backend);
  if (version === null || driver === undefined || lab === null || sandbox === null) return null;
  return { work, lab, sandbox, version, driver };
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
