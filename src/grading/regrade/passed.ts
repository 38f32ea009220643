/** What had been passed before an attempt, when the attempts before it are judged otherwise. Pure. */
import type { CheckProgress, CheckResult } from '../types.ts';

interface Judged {
  readonly finishedAt: Date | null;
  /** As recorded. */
  readonly recorded: readonly CheckResult[];
  /** As they count by now. */
  readonly counted: readonly CheckResult[];
}

/**
 * What was recorded as passed, without what only attempts passed that do not any more, and with what attempts pass now.
 * @param forgotten when the score was forgotten: attempts that had ended before count for nothing.
 */
export function passedBy(
  recorded: readonly CheckProgress[],
  before: readonly Judged[],
  requestedAt: Date,
  forgotten: readonly Date[],
): readonly CheckProgress[] {
  const since = forgotten.filter((at) => at <= requestedAt).at(-1) ?? null;
  const alive = before.filter(
    ({ finishedAt }) =>
      finishedAt !== null && finishedAt <= requestedAt && (since === null || finishedAt > since),
  );
  const were = new Set(alive.flatMap((one) => passes(one.recorded)).map(({ checkId }) => checkId));
  const are = new Map<string, CheckProgress>();
  for (const { counted, finishedAt } of alive) {
    for (const { checkId, points } of passes(counted)) {
      if (finishedAt !== null && !are.has(checkId))
        are.set(checkId, { checkId, passedAt: finishedAt, points });
    }
  }
  const left = recorded.filter(({ checkId }) => !were.has(checkId) || are.has(checkId));
  const known = new Set(left.map(({ checkId }) => checkId));
  const gained = [...are.values()].filter(({ checkId }) => !known.has(checkId) && !were.has(checkId));
  return [...left, ...gained];
}

const passes = (results: readonly CheckResult[]) => results.filter(({ verdict }) => verdict === 'pass');
