/**
 * What counts of an attempt: what the grader recorded; over it what it gives when it is judged again; over that what
 * people said. Nothing of it is overwritten: each stays beside the next.
 */
import type { Template } from '../templates/types.ts';
import { markedResult } from './judge/rubric.ts';
import type { Layer } from './regrade/types.ts';
import type { Attempt, CheckResult, Mark, Override } from './types.ts';

export interface Judgements {
  /** The newest of each check. */
  readonly marks: readonly Mark[];
  /** The newest of each attempt and check. */
  readonly overrides: readonly Override[];
  /** What counts of attempts that were judged again: below what people said. */
  readonly layers: readonly Layer[];
}

export const noJudgements: Judgements = { marks: [], overrides: [], layers: [] };

/** The result that counts, with what it came from. */
export interface CountedResult extends CheckResult {
  readonly mark: Mark | null;
  readonly override: Override | null;
  /** What the grader itself found, where a person said otherwise. */
  readonly graded: Pick<CheckResult, 'verdict' | 'points'> | null;
  /** Where it was judged again: what was recorded first. */
  readonly recorded: Pick<CheckResult, 'verdict' | 'points' | 'message'> | null;
}

export interface CountedAttempt {
  readonly results: readonly CountedResult[];
  readonly points: number | null;
  readonly maxPoints: number;
  readonly penalty: number;
  /** What it was judged again by; null: it counts as recorded. */
  readonly layer: Layer | null;
}

/** Every result of a finished attempt with the marks and overrides that it has by now, and their sum. Pure. */
export function countAttempt(
  attempt: Attempt,
  { checks }: Pick<Template, 'checks'>,
  { marks, overrides, layers }: Judgements,
): CountedAttempt {
  const layer = layers.find((one) => one.attempt === attempt.number) ?? null;
  const { maxPoints, penalty, points } = layer ?? attempt;
  const judged = layer?.results ?? attempt.results;
  const results = judged.map((result): CountedResult => {
    const recorded = layer === null ? null : recordedOf(attempt, result);
    const rubric = checks.find((check) => check.id === result.checkId)?.rubric ?? null;
    const mark = rubric === null ? null : (marks.find((one) => one.checkId === result.checkId) ?? null);
    const override =
      overrides.find((one) => one.attempt === attempt.number && one.checkId === result.checkId) ?? null;
    const marked = rubric === null || mark === null ? null : withMark(result, markedResult(rubric, mark));
    const found = marked ?? result;
    if (override === null) return { ...found, mark, override, graded: null, recorded };
    const { verdict, points, reason } = override;
    const graded = { verdict: found.verdict, points: found.points };
    const message = verdict === 'pass' ? null : reason;
    return { ...found, verdict, points, message, mark, override, graded, recorded };
  });
  const change = results.reduce((sum, one, at) => sum + one.points - (judged[at]?.points ?? 0), 0);
  return { results, points: points === null ? null : points + change, maxPoints, penalty, layer };
}

/** Null where judging it again gave the same. */
function recordedOf({ results }: Attempt, now: CheckResult): CountedResult['recorded'] {
  const first = results.find(({ checkId }) => checkId === now.checkId);
  if (first === undefined) return null;
  const { verdict, points, message } = first;
  return verdict === now.verdict && points === now.points && message === now.message
    ? null
    : { verdict, points, message };
}

/** Hints were taken off already; a mark gives points on top of nothing. */
function withMark(result: CheckResult, { verdict, points }: ReturnType<typeof markedResult>): CheckResult {
  const sum = points.reduce((all, one) => all + one, 0);
  const expectations = points.map((one) => ({ met: verdict === 'pass', points: one }));
  const message = verdict === 'pass' ? null : 'Your instructor marked this.';
  return { ...result, verdict, points: sum, message, expectations };
}
