/** Checks, observations and results to judge: whole, with only what matters said. */
import { createCompiler } from '../../../src/grading/expression/compile.ts';
import { prepareScope } from '../../../src/grading/expression/prepared-scope.ts';
import type { Evaluate } from '../../../src/grading/judge/judge.ts';
import type { CheckResult, LookProblem, Observation, Value, Verdict } from '../../../src/grading/types.ts';
import type { CheckSpec, ExpectationSpec } from '../../../src/templates/types.ts';

const at = new Date('2025-01-01T00:00:00Z');

export function expectation(that: string, rest: Partial<ExpectationSpec> = {}): ExpectationSpec {
  return { that, points: 5, else: 'not so', partial: [], ...rest };
}

export function check(rest: Partial<CheckSpec> & { id: string }): CheckSpec {
  const expect = rest.expect ?? [expectation('true')];
  return {
    title: `Check ${rest.id}`,
    points: expect.reduce((sum, { points }) => sum + points, 0),
    observe: {},
    trial: null,
    require: null,
    rubric: null,
    needs: [],
    withinSeconds: null,
    sticky: false,
    visible: 'always',
    guard: false,
    passesAtStart: null,
    hints: [],
    ...rest,
    expect,
  };
}

export const seen = (value: Value): Observation => ({ outcome: 'seen', value, at, durationMs: 1 });

export const unseen = (problem: LookProblem, reason: string): Observation => ({
  outcome: 'unseen',
  problem,
  reason,
  internal: `internal of ${problem}`,
  at,
  durationMs: 1,
});

export function result(spec: CheckSpec, verdict: Verdict): CheckResult {
  const points = verdict === 'pass' ? spec.points : 0;
  return {
    checkId: spec.id,
    verdict,
    points,
    maxPoints: spec.points,
    message: verdict === 'pass' ? null : 'not so',
    internal: null,
    expectations: spec.expect.map((one) => ({
      met: verdict === 'pass',
      points: verdict === 'pass' ? one.points : 0,
    })),
    evidence: { row: 'address' },
    durationMs: 3,
  };
}

/** The same expressions without a thread. */
export function inThisThread(): Evaluate {
  const compiler = createCompiler();
  return async ({ sources, scope }) => {
    const prepared = prepareScope(scope);
    return sources.map((source) => compiler.prepare(source).evaluate(prepared));
  };
}
