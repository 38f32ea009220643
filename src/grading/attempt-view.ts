/** An attempt as its reader may see it: a trainee gets no internals and nothing that is kept until they hand in. */
import type { Caller } from '../lab/lab-service.ts';
import type { CheckSpec, Template } from '../templates/types.ts';
import { keptBack } from './kept-back.ts';
import { type CountedResult, countAttempt, type Judgements } from './people.ts';
import type { Attempt, AttemptState, CheckResult, LookTime, MarkLevel, Verdict } from './types.ts';

export interface CheckView {
  readonly check: string;
  readonly title: string;
  /** False: the template keeps the verdict until a final attempt. */
  readonly shown: boolean;
  readonly verdict: Verdict | null;
  readonly points: number | null;
  readonly maxPoints: number;
  readonly message: string | null;
  /** A person's verdict that counts instead of the grader's, and the grader's. */
  readonly override: {
    readonly reason: string;
    readonly by: string;
    readonly at: Date;
    readonly graded: { readonly verdict: Verdict; readonly points: number };
  } | null;
  /** A person's marks by criterion. */
  readonly mark: {
    readonly marks: Readonly<Record<string, MarkLevel>>;
    readonly comment: string | null;
    readonly by: string;
    readonly at: Date;
  } | null;
  /** It was judged again: what was found first. */
  readonly recorded: {
    readonly verdict: Verdict;
    readonly points: number;
    readonly message: string | null;
  } | null;
  /** When it was looked at; names of the looks are for instructors. Empty while the verdict is not shown. */
  readonly looks: readonly { readonly name?: string; readonly at: string; readonly durationMs: number }[];
  /** Instructors only. */
  readonly internal?: string | null;
  /** Instructors only: content addresses by observation. */
  readonly evidence?: Readonly<Record<string, string>>;
}

export interface AttemptView {
  readonly number: number;
  readonly final: boolean;
  readonly state: AttemptState;
  readonly requestedAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  /** Of the checks that are shown, hints already taken off; null until it is finished. */
  readonly points: number | null;
  readonly maxPoints: number;
  /** Taken off for hints, of the checks that are shown. */
  readonly penalty: number;
  /** Checks whose verdict is kept back; they count in neither `points` nor `maxPoints`. */
  readonly hiddenChecks: number;
  readonly voidReason: string | null;
  /** Handed in so long after its class's time, where that is marked. */
  readonly lateSeconds: number | null;
  /** It was judged again with a corrected template: when and why. */
  readonly regraded: { readonly at: Date; readonly reason: string } | null;
  readonly results: readonly CheckView[];
}

const everything = { verdict: true, message: true };

/**
 * What this caller may know of a check's outcome. `titleOnly` never tells why: the message would give it away.
 * @param kept what `keptBack` says of the template.
 */
export function revealed(
  check: CheckSpec,
  kept: ReadonlySet<string>,
  submitted: boolean,
  caller: Caller,
): typeof everything {
  if (caller.role !== 'trainee' || !kept.has(check.id)) return everything;
  return { verdict: submitted, message: submitted && check.visible !== 'titleOnly' };
}

/** An attempt as this caller may see it. Pure. */
export function viewAttempt(
  attempt: Attempt,
  template: Template,
  caller: Caller,
  judgements: Judgements,
): AttemptView {
  const counted = countAttempt(attempt, template, judgements);
  const checks = new Map(template.checks.map((check) => [check.id, check]));
  const kept = keptBack(template);
  const reveal = (check: CheckSpec) => revealed(check, kept, attempt.final, caller);
  const results = counted.results.map((result) => {
    const check = checks.get(result.checkId);
    // A regrade looks at nothing: the times are those of the attempt.
    const { looks = [] } = attempt.results.find(({ checkId }) => checkId === result.checkId) ?? {};
    return viewResult({ ...result, looks }, check, check === undefined ? everything : reveal(check), caller);
  });
  const hidden = template.checks.filter((check) => !reveal(check).verdict);
  // A check is worth what the version says that judged it.
  const worth = ({ id, points }: CheckSpec) =>
    counted.results.find(({ checkId }) => checkId === id)?.maxPoints ?? points;
  const { number, final, state, requestedAt, startedAt, finishedAt, voidReason } = attempt;
  // Each result is net of its hints already.
  const shownPoints = results.reduce((sum, one) => sum + (one.points ?? 0), 0);
  return {
    number,
    final,
    state,
    requestedAt,
    startedAt,
    finishedAt,
    // The total would tell what is kept back.
    points: attempt.points === null || hidden.length === 0 ? counted.points : shownPoints,
    maxPoints: counted.maxPoints - hidden.reduce((sum, check) => sum + worth(check), 0),
    penalty:
      hidden.length === 0
        ? counted.penalty
        : takenOff(
            (counted.layer ?? attempt).results.filter(({ checkId }) => !kept.has(checkId)),
            checks,
          ),
    hiddenChecks: hidden.length,
    voidReason,
    lateSeconds: attempt.lateSeconds ?? null,
    regraded: counted.layer === null ? null : { at: counted.layer.at, reason: counted.layer.reason },
    results,
  };
}

function viewResult(
  result: CountedResult & { readonly looks: readonly LookTime[] },
  check: CheckSpec | undefined,
  reveal: typeof everything,
  caller: Caller,
): CheckView {
  const title = check?.title ?? result.checkId;
  const base = { check: result.checkId, title, shown: reveal.verdict, maxPoints: result.maxPoints };
  if (!reveal.verdict) {
    const message = 'Shown after you submit.';
    const hidden = { override: null, mark: null, recorded: null, looks: [] };
    return { ...base, verdict: null, points: null, message, ...hidden };
  }
  const { verdict, points, internal, evidence, mark, graded } = result;
  const message = reveal.message ? result.message : null;
  const override =
    result.override === null || graded === null
      ? null
      : { reason: result.override.reason, by: result.override.by, at: result.override.at, graded };
  const recorded =
    result.recorded === null || reveal.message ? result.recorded : { ...result.recorded, message: null };
  const view = { ...base, verdict, points, message, override, mark, recorded };
  if (caller.role !== 'trainee') return { ...view, looks: result.looks, internal, evidence };
  return { ...view, looks: result.looks.map(({ at, durationMs }) => ({ at, durationMs })) };
}

/**
 * Points taken off these results for hints. A check that fails has none to take off, so the sum over all would tell
 * which of the hidden ones passed.
 */
function takenOff(results: readonly CheckResult[], checks: ReadonlyMap<string, CheckSpec>): number {
  // A guard that does not score has lost its points to no hint.
  const scored = results.filter(({ checkId, points }) => points > 0 || checks.get(checkId)?.guard !== true);
  return scored.reduce(
    (sum, { expectations, points }) => sum + expectations.reduce((all, each) => all + each.points, -points),
    0,
  );
}

/** The points of these checks. */
export function total(checks: readonly CheckSpec[]): number {
  return checks.reduce((sum, check) => sum + check.points, 0);
}
