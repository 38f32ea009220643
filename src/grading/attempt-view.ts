/** An attempt as its reader may see it: a trainee gets no internals and nothing that is kept until they hand in. */
import type { Caller } from '../lab/lab-service.ts';
import type { CheckSpec, Template } from '../templates/types.ts';
import type { Attempt, AttemptState, CheckResult, Verdict } from './types.ts';

export interface CheckView {
  readonly check: string;
  readonly title: string;
  /** False: the template keeps the verdict until a final attempt. */
  readonly shown: boolean;
  readonly verdict: Verdict | null;
  readonly points: number | null;
  readonly maxPoints: number;
  readonly message: string | null;
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
  readonly penalty: number;
  /** Checks whose verdict is kept back; they count in neither `points` nor `maxPoints`. */
  readonly hiddenChecks: number;
  readonly voidReason: string | null;
  readonly results: readonly CheckView[];
}

/** What this caller may know of a check's outcome. `titleOnly` never tells why: the message would give it away. */
export function revealed(check: CheckSpec, submitted: boolean, caller: Caller) {
  if (caller.role !== 'trainee' || check.visible === 'always') return { verdict: true, message: true };
  return { verdict: submitted, message: submitted && check.visible === 'afterSubmit' };
}

/** An attempt as this caller may see it. Pure. */
export function viewAttempt(attempt: Attempt, template: Template, caller: Caller): AttemptView {
  const checks = new Map(template.checks.map((check) => [check.id, check]));
  const results = attempt.results.map((result) => {
    const check = checks.get(result.checkId);
    return viewResult(result, check, caller, attempt.final);
  });
  const hidden = template.checks.filter((check) => !revealed(check, attempt.final, caller).verdict);
  const { number, final, state, requestedAt, startedAt, finishedAt, penalty, voidReason } = attempt;
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
    points: attempt.points === null || hidden.length === 0 ? attempt.points : shownPoints,
    maxPoints: attempt.maxPoints - total(hidden),
    penalty,
    hiddenChecks: hidden.length,
    voidReason,
    results,
  };
}

function viewResult(
  result: CheckResult,
  check: CheckSpec | undefined,
  caller: Caller,
  final: boolean,
): CheckView {
  const title = check?.title ?? result.checkId;
  const reveal = check === undefined ? { verdict: true, message: true } : revealed(check, final, caller);
  const base = { check: result.checkId, title, shown: reveal.verdict, maxPoints: result.maxPoints };
  if (!reveal.verdict) return { ...base, verdict: null, points: null, message: 'Shown after you submit.' };
  const { verdict, points, internal, evidence } = result;
  const message = reveal.message ? result.message : null;
  const view = { ...base, verdict, points, message };
  return caller.role === 'trainee' ? view : { ...view, internal, evidence };
}

/** The points of these checks. */
export function total(checks: readonly CheckSpec[]): number {
  return checks.reduce((sum, check) => sum + check.points, 0);
}
