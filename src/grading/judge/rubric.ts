/** What a person's marks are worth. Pure. */
import type { RubricSpec } from '../../templates/types.ts';
import type { Mark, MarkLevel, Verdict } from '../types.ts';

const share: Readonly<Record<MarkLevel, number>> = { full: 1, half: 0.5, none: 0 };

/** What is said of a check that nobody has marked yet; it is `blocked` until then. */
export const unmarked = "This waits for an instructor's mark.";

/** Points by criterion, in the rubric's order; a criterion without a mark has none. Passed: all are full. */
export function markedResult(
  { criteria }: RubricSpec,
  { marks }: Pick<Mark, 'marks'>,
): { readonly verdict: Extract<Verdict, 'pass' | 'fail'>; readonly points: readonly number[] } {
  const points = criteria.map((one) => one.points * share[marks[one.id] ?? 'none']);
  const whole = criteria.every((one) => marks[one.id] === 'full');
  return { verdict: whole ? 'pass' : 'fail', points };
}
