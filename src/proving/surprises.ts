import type { Verdict } from '../grading/types.ts';
import { withDependents } from '../lab/plan.ts';
import type { CheckSpec, WrongSpec } from '../templates/types.ts';

/** A check that did not end as the wrong way says. */
export interface Surprise {
  readonly check: string;
  readonly expected: string;
  readonly found: string;
}

/**
 * What of a wrong way's promise does not hold: the named checks end as named, those that need one of them may be
 * blocked, all others pass. Pure.
 */
export function surprisesOf(
  wrong: WrongSpec,
  checks: readonly CheckSpec[],
  results: readonly {
    readonly check: string;
    /** Null: it is kept back from whoever asks. */
    readonly verdict: Verdict | null;
    readonly points: number | null;
  }[],
): readonly Surprise[] {
  const implied = withDependents(
    Object.keys(wrong.fails),
    Object.fromEntries(checks.map(({ id, needs }) => [id, needs])),
  );
  return results.flatMap(({ check, verdict, points }): Surprise[] => {
    const fall = wrong.fails[check];
    const found = verdict ?? 'hidden';
    if (fall === undefined) {
      if (verdict === 'pass' || (implied.has(check) && verdict === 'blocked')) return [];
      return [{ check, expected: implied.has(check) ? 'pass or blocked' : 'pass', found }];
    }
    if (verdict !== fall.verdict) return [{ check, expected: fall.verdict, found }];
    if (fall.points === null || fall.points === points) return [];
    return [
      { check, expected: `${fall.verdict} with ${fall.points} points`, found: `${found} with ${points}` },
    ];
  });
}
