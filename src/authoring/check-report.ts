/** What an author wants to know of a check that was just graded: each expectation, what was seen, and what threw. */

import type { Outcome } from '../grading/expression/outcome.ts';
import type { GradedCheck } from '../grading/grade-check.ts';
import type { Evaluate } from '../grading/judge/judge.ts';
import { judgeCheck } from '../grading/judge/judge.ts';
import type { CheckResult, Observation } from '../grading/types.ts';
import type { CheckSpec, Template } from '../templates/types.ts';

export interface ExpectationReport {
  readonly that: string;
  readonly met: boolean;
  readonly points: number;
  readonly maxPoints: number;
  /** Why it gave no true or false; null when it did. */
  readonly trouble: string | null;
  readonly partial: readonly { readonly that: string; readonly met: boolean; readonly points: number }[];
}

export interface LookReport {
  readonly name: string;
  readonly kind: string;
  /** `own`, `shared`, or the trial that observed it. */
  readonly from: string;
  readonly observation: Observation;
}

export interface CheckReport {
  readonly check: string;
  readonly title: string;
  readonly verdict: CheckResult['verdict'];
  readonly points: number;
  readonly maxPoints: number;
  /** As the learner would see it; null on pass. */
  readonly message: string | null;
  readonly internal: string | null;
  /** Checks that it needs and that were not graded beside it: in an attempt one that does not pass blocks it. */
  readonly needs: readonly string[];
  readonly expectations: readonly ExpectationReport[];
  readonly looks: readonly LookReport[];
  readonly durationMs: number;
}

/** Rejects only if `evaluate` does. */
export async function reportCheck(
  result: CheckResult,
  { basis }: Pick<GradedCheck, 'basis'>,
  template: Template,
  evaluate: Evaluate,
): Promise<CheckReport> {
  const check = template.checks.find(({ id }) => id === result.checkId);
  const outcomes: Outcome[] = [];
  if (basis !== null) {
    // Judging is pure over the record: once more it comes to the same, and each expression's outcome is heard.
    await judgeCheck(basis, async (batch) => {
      const heard = await evaluate(batch);
      outcomes.push(...heard);
      return heard;
    });
  }
  const { verdict, points, maxPoints, message, internal, durationMs } = result;
  return {
    check: result.checkId,
    title: check?.title ?? '',
    verdict,
    points,
    maxPoints,
    message,
    internal,
    needs: check?.needs ?? [],
    expectations: check === undefined ? [] : expectationsOf(check, result, outcomes),
    looks: Object.entries(basis?.observations ?? {}).map(([name, observation]) => ({
      name,
      ...(check === undefined ? { kind: '', from: '' } : originOf(name, check, template)),
      observation,
    })),
    durationMs,
  };
}

function expectationsOf(
  check: CheckSpec,
  result: CheckResult,
  outcomes: readonly Outcome[],
): readonly ExpectationReport[] {
  let at = 0;
  return check.expect.map((one, nth) => {
    const [whole, ...parts] = outcomes.slice(at, at + 1 + one.partial.length);
    at += 1 + one.partial.length;
    const { met = false, points = 0 } = result.expectations[nth] ?? {};
    return {
      that: one.that,
      met,
      points,
      maxPoints: one.points,
      trouble: troubleOf(whole),
      partial: one.partial.map((part, place) => ({
        that: part.that,
        met: isTrue(parts[place]),
        points: part.points,
      })),
    };
  });
}

const isTrue = (outcome: Outcome | undefined) => outcome?.kind === 'value' && outcome.value;

function troubleOf(outcome: Outcome | undefined): string | null {
  switch (outcome?.kind) {
    case undefined:
    case 'value':
      return null;
    case 'threw':
    case 'broken':
      return outcome.internal;
    case 'absent':
      return `not seen: ${outcome.roots.join(', ')}`;
    case 'stopped':
      return outcome.because === 'time' ? 'it took too long' : 'it took too much memory';
  }
}

function originOf(
  name: string,
  check: CheckSpec,
  template: Template,
): { readonly kind: string; readonly from: string } {
  const own = check.observe[name];
  if (own !== undefined) return { kind: own.kind, from: 'own' };
  const trial = template.trials.find(({ id }) => id === check.trial);
  for (const step of trial?.steps ?? []) {
    const look = step.do === 'observe' ? step.observe[name] : undefined;
    if (look !== undefined) return { kind: look.kind, from: `trial ${check.trial}` };
  }
  return { kind: template.observations[name]?.kind ?? '', from: 'shared' };
}
