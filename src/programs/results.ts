/** From graded attempts to what a program counts. Pure. */
import { keptBack } from '../grading/kept-back.ts';
import { countAttempt } from '../grading/people.ts';
import type { Template } from '../templates/types.ts';
import type { LabResult } from './record.ts';
import type { GradedAttempt } from './store.ts';

type Graded = Pick<Template, 'checks' | 'tasks'>;

/**
 * With the marks and overrides that it has by now. What the template keeps back until the work is handed in has no points
 * before that: progress must not tell it.
 *
 * @param template the version that the attempt was judged by; null when it cannot be read any more.
 */
export function resultOf(
  { templateId, attempt, judgements }: GradedAttempt,
  template: Graded | null,
): LabResult {
  const { checks, tasks } = template ?? { checks: [], tasks: [] };
  const counted = countAttempt(attempt, { checks }, judgements);
  const hidden = attempt.final ? new Set<string>() : keptBack({ checks, tasks });
  const secret = counted.results
    .filter((one) => hidden.has(one.checkId))
    .reduce((sum, one) => sum + one.points, 0);
  return {
    lab: templateId,
    final: attempt.final,
    at: attempt.finishedAt ?? attempt.requestedAt,
    points: Math.max(0, (counted.points ?? 0) - secret),
    maxPoints: attempt.maxPoints,
    checks: counted.results.map((one) => ({
      id: one.checkId,
      tasks: tasks.filter((task) => task.checks.includes(one.checkId)).map((task) => task.id),
      points: hidden.has(one.checkId) ? 0 : one.points,
      maxPoints: one.maxPoints,
    })),
  };
}
