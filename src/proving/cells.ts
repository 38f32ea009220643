import type { Witness } from '../grading/grade-attempt.ts';
import type { CheckResult } from '../grading/types.ts';
import type { Cell } from './types.ts';

/** What the checks of an attempt were judged on, and what each came to by itself. */
export type Judged = Parameters<Witness>[1];

/** Checks as they count, with the verdict that each would have if all that it needs had passed. Pure. */
export function cellsOf(results: readonly CheckResult[], judged: Judged): readonly Cell[] {
  return results.map(({ checkId, verdict, points, message, internal }) => {
    const alone = judged.find(({ result }) => result.checkId === checkId)?.result.verdict;
    return {
      check: checkId,
      verdict,
      points,
      own: verdict === 'blocked' ? (alone ?? verdict) : verdict,
      // An author may know what a trainee is not told.
      message: message !== null && internal !== null ? `${message} (${internal})` : message,
    };
  });
}
