/** What people said of an attempt, laid over what the grader found. The grader's own verdicts stay as they are beside. */
import type { Template } from '../templates/types.ts';
import { markedResult } from './judge/rubric.ts';
import type { Attempt, CheckResult, Mark, Override } from './types.ts';

export interface Judgements {
  /** The newest of each check. */
  readonly marks: readonly Mark[];
  /** The newest of each attempt and check. */
  readonly overrides: readonly Override[];
}

export const noJudgements: Judgements = { marks: [], overrides: [] };

/** The result that counts, with what it came from. */
export interface CountedResult extends CheckResult {
  readonly mark: Mark | null;
  readonly override: Override | null;
  /** What the grader itself found, where a person said otherwise. */
  readonly graded: Pick<CheckResult, 'verdict' | 'points'> | null;
}

/** Every result of a finished attempt with the marks and overrides that it has by now, and their sum. Pure. */
export function countAttempt(
  attempt: Attempt,
  { checks }: Pick<Template, 'checks'>,
  { marks, overrides }: Judgements,
): { readonly results: readonly CountedResult[]; readonly points: number | null } {
  const results = attempt.results.map((result): CountedResult => {
    const rubric = checks.find((check) => check.id === result.checkId)?.rubric ?? null;
    const mark = rubric === null ? null : (marks.find((one) => one.checkId === result.checkId) ?? null);
    const override =
      overrides.find((one) => one.attempt === attempt.number && one.checkId === result.checkId) ?? null;
    const marked = rubric === null || mark === null ? null : withMark(result, markedResult(rubric, mark));
    const found = marked ?? result;
    if (override === null) return { ...found, mark, override, graded: null };
    const { verdict, points, reason } = override;
    const graded = { verdict: found.verdict, points: found.points };
    const message = verdict === 'pass' ? null : reason;
    return { ...found, verdict, points, message, mark, override, graded };
  });
  const change = results.reduce((sum, one, at) => sum + one.points - (attempt.results[at]?.points ?? 0), 0);
  return { results, points: attempt.points === null ? null : attempt.points + change };
}

/** Hints were taken off already; a mark gives points on top of nothing. */
function withMark(result: CheckResult, { verdict, points }: ReturnType<typeof markedResult>): CheckResult {
  const sum = points.reduce((all, one) => all + one, 0);
  const expectations = points.map((one) => ({ met: verdict === 'pass', points: one }));
  const message = verdict === 'pass' ? null : 'Your instructor marked this.';
  return { ...result, verdict, points: sum, message, expectations };
}
