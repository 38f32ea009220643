/** From the checks by themselves to the result of an attempt: needs, guards, sticky passes, hints, sums. Pure. */
import type { CheckSpec, TaskSpec } from '../../templates/types.ts';
import type { CheckProgress, CheckResult, Verdict } from '../types.ts';

export interface SettleInput {
  readonly checks: readonly CheckSpec[];
  readonly tasks: readonly TaskSpec[];
  /** By check, as if each stood alone. One that is blocked anyway need not have been judged. */
  readonly judged: Readonly<Record<string, CheckResult>>;
  /** What was passed in earlier attempts of this lab. */
  readonly progress: readonly CheckProgress[];
  /** Check → how many of its hints were taken, in order. */
  readonly hintsTaken: Readonly<Record<string, number>>;
  /** Tasks that were done for the trainee. */
  readonly skipped: readonly string[];
}

export interface Settled {
  /** In the order of the template. Points are those that count: hints are taken off. */
  readonly results: readonly CheckResult[];
  readonly points: number;
  readonly maxPoints: number;
  /** Points taken off for hints, and for tasks that were skipped: those are off the sum and off no result. */
  readonly penalty: number;
}

export function settle(input: SettleInput): Settled {
  const passedBefore = new Set(input.progress.map(({ checkId }) => checkId));
  const standing = withNeeds(input, passedBefore);
  let penalty = 0;
  const results = input.checks.map((check) => {
    const result = guarded(check, standing.get(check.id) ?? unjudged(check), input, standing);
    const taken = Math.min(result.points, hintPenalty(check, input.hintsTaken[check.id] ?? 0));
    penalty += taken;
    const points = result.points - taken;
    return { ...result, points, ...(passedBefore.has(check.id) ? { passedBefore: true } : {}) };
  });
  const earned = results.reduce((sum, { points }) => sum + points, 0);
  const skips = Math.min(earned, skipPenalty(input));
  return {
    results,
    points: earned - skips,
    maxPoints: input.checks.reduce((sum, { points }) => sum + points, 0),
    penalty: penalty + skips,
  };
}

/** A check is judged on its own only when all that it needs has passed. */
function withNeeds(input: SettleInput, passedBefore: ReadonlySet<string>): Map<string, CheckResult> {
  const byId = new Map(input.checks.map((check) => [check.id, check]));
  const standing = new Map<string, CheckResult>();
  const inProgress = new Set<string>();

  function stand(check: CheckSpec): CheckResult {
    const known = standing.get(check.id);
    if (known !== undefined) return known;
    inProgress.add(check.id);
    const result = resolve(check);
    inProgress.delete(check.id);
    standing.set(check.id, result);
    return result;
  }

  function resolve(check: CheckSpec): CheckResult {
    const own = input.judged[check.id] ?? unjudged(check);
    if (check.sticky && passedBefore.has(check.id)) {
      const expectations = check.expect.map(({ points }) => ({ met: true, points }));
      return { ...own, verdict: 'pass', points: check.points, message: null, internal: null, expectations };
    }
    // Templates with needs in a circle are refused at load; here they only must not loop.
    const needed = check.needs.flatMap((id) => byId.get(id) ?? []).filter(({ id }) => !inProgress.has(id));
    const verdicts = needed.map((other) => ({ other, verdict: stand(other).verdict }));
    // What has failed blocks for certain; what could not be judged might have passed.
    const failed = verdicts.find(({ verdict }) => verdict === 'fail' || verdict === 'blocked');
    if (failed !== undefined) return without(own, 'blocked', `First: ${failed.other.title}`);
    const unknown = verdicts.find(({ verdict }) => verdict === 'error');
    if (unknown !== undefined) {
      return without(own, 'error', `“${unknown.other.title}” could not be checked, and this depends on it.`);
    }
    return own;
  }

  for (const check of input.checks) stand(check);
  return standing;
}

function without(result: CheckResult, verdict: Verdict, message: string): CheckResult {
  const expectations = result.expectations.map(() => ({ met: false, points: 0 }));
  return { ...result, verdict, points: 0, message, internal: null, expectations };
}

/**
 * A guard holds before any work is done, so that it is worth points only beside work: when another check of its task
 * passes that is neither a guard nor expected to pass at the start.
 */
function guarded(
  check: CheckSpec,
  result: CheckResult,
  input: SettleInput,
  standing: ReadonlyMap<string, CheckResult>,
): CheckResult {
  if (!check.guard || result.points === 0) return result;
  const companions = new Set(
    input.tasks.filter((task) => task.checks.includes(check.id)).flatMap((task) => task.checks),
  );
  const worked = input.checks.some(
    (other) =>
      companions.has(other.id) &&
      !other.guard &&
      other.passesAtStart === null &&
      standing.get(other.id)?.verdict === 'pass',
  );
  if (worked) return result;
  const internal = 'a guard: scores when another check of its task passes';
  return { ...result, points: 0, internal: result.internal ?? internal };
}

function hintPenalty(check: CheckSpec, taken: number): number {
  return check.hints.slice(0, taken).reduce((sum, { penalty }) => sum + penalty, 0);
}

function skipPenalty({ tasks, skipped }: SettleInput): number {
  return tasks.reduce((sum, { id, skip }) => (skipped.includes(id) ? sum + (skip?.penalty ?? 0) : sum), 0);
}

function unjudged(check: CheckSpec): CheckResult {
  return {
    checkId: check.id,
    verdict: 'error',
    points: 0,
    maxPoints: check.points,
    message: 'This was not checked.',
    internal: 'the check was not judged',
    expectations: check.expect.map(() => ({ met: false, points: 0 })),
    evidence: {},
    durationMs: 0,
  };
}
