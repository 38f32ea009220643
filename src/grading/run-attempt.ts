/**
 * One requested attempt, from its row to its record. Safe to run again after any crash: every run claims a new fence,
 * and only the newest is recorded.
 */
import type { Clock } from '../lab/clock.ts';
import type { LabStore, SandboxDriver, Snapshot, TemplateStore } from '../lab/ports.ts';
import { whileHeld } from '../lab/while-held.ts';
import type { BackendName } from '../templates/types.ts';
import { type GradeAttemptDeps, gradeAttempt } from './grade-attempt.ts';
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
  const snapshot = await deps.labs.getLab(attempt.labId);
  const { lab, sandbox } = snapshot;
  const version = await deps.templates.load(attempt.templateHash);
  const driver = lab === null ? undefined : deps.drivers.get(lab.backend);
  const stale = staleness(work, standing(snapshot), 'before it was graded');
  if (stale !== null) return deps.attempts.voidAttempt(attempt.id, stale);
  if (version === null || driver === undefined || lab === null || sandbox === null) {
    return deps.attempts.voidAttempt(attempt.id, 'This installation can no longer grade this lab.');
  }
  await gradeAttempt({ work, lab, sandbox, version, driver }, deps, signal);
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
