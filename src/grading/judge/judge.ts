/**
 * Judging one check: a pure decision over what was recorded. Anything that the trainee's data can do to an expression is
 * a failed check with a reason; an error needs proof that it was us.
 */

import type { CheckSpec, ExpectationSpec } from '../../templates/types.ts';
import type { Outcome } from '../expression/outcome.ts';
import type { CheckResult, ExpectationResult, Observation, Scope, Value } from '../types.ts';
import { fillMessage } from '../values/fill.ts';
import { presentable, redact } from '../values/message.ts';
import { attribution } from './attribution.ts';

/** Expressions over one scope; the outcomes are in the same order. See `createJudge`. */
export interface ExpressionBatch {
  readonly sources: readonly string[];
  readonly scope: Scope;
}

export type Evaluate = (batch: ExpressionBatch) => Promise<readonly Outcome[]>;

export interface CheckInput {
  readonly check: CheckSpec;
  /** By the names that expressions use, in their decoded stored form (`recordEvidence`). */
  readonly observations: Readonly<Record<string, Observation>>;
  /** The other roots: params, access, events … */
  readonly scope: Scope;
  /** Texts that must not appear in what is shown or logged (`secretsOf`). */
  readonly secrets: readonly string[];
  /** What the template's reference solution shows, by observation: an expression that fails on this too is our fault. */
  readonly reference?: Readonly<Record<string, Value>>;
}

/** The verdict of the check by itself; `settle` applies what depends on other checks. */
export type Judged = Pick<
  CheckResult,
  'checkId' | 'verdict' | 'points' | 'maxPoints' | 'message' | 'internal' | 'expectations'
>;

/** Why an expectation is not met. */
interface Shortfall {
  readonly verdict: 'fail' | 'error';
  readonly message: string;
  readonly internal: string | null;
}

/** Rejects only if `evaluate` does, which it does only on abort. */
export async function judgeCheck(input: CheckInput, evaluate: Evaluate): Promise<Judged> {
  const { check, observations, secrets } = input;
  const scope = { ...input.scope, ...seenValues(observations) };
  const sources = check.expect.flatMap(({ that, partial }) => [that, ...partial.map((part) => part.that)]);
  const outcomes = await judgeAll(input, sources, scope, evaluate);

  const expectations: ExpectationResult[] = [];
  const shortfalls: Shortfall[] = [];
  let at = 0;
  for (const expectation of check.expect) {
    const [whole = unjudged, ...parts] = outcomes.slice(at, at + 1 + expectation.partial.length);
    at += 1 + expectation.partial.length;
    const met = holds(whole);
    expectations.push({ met, points: met ? expectation.points : partialPoints(expectation, parts) });
    if (!met) shortfalls.push(shortfallOf(whole, expectation, scope, input));
  }

  const told = shortfalls.find(({ verdict }) => verdict === 'error') ?? shortfalls[0];
  const internal = shortfalls.flatMap((shortfall) => shortfall.internal ?? []).join('; ');
  return {
    checkId: check.id,
    verdict: told?.verdict ?? 'pass',
    points: expectations.reduce((sum, { points }) => sum + points, 0),
    maxPoints: check.points,
    message: told === undefined ? null : presentable(redact(told.message, secrets)),
    internal: internal === '' ? null : presentable(redact(internal, secrets)),
    expectations,
  };
}

const unjudged: Outcome = { kind: 'broken', internal: 'the expression was not judged' };

/** Where data broke an expression, the same one over the reference says whether it was the data. */
async function judgeAll(
  input: CheckInput,
  sources: readonly string[],
  scope: Scope,
  evaluate: Evaluate,
): Promise<readonly Outcome[]> {
  const outcomes = await evaluate({ sources, scope });
  const doubtful = [...outcomes.keys()].filter((at) => brokeDown(outcomes[at]));
  if (input.reference === undefined || doubtful.length === 0) return outcomes;
  const again = await evaluate({
    sources: doubtful.map((at) => sources[at] ?? ''),
    scope: { ...scope, ...input.reference },
  });
  const ours = new Set(doubtful.filter((_, nth) => brokeDown(again[nth])));
  return outcomes.map((outcome, at) =>
    ours.has(at) ? { kind: 'broken', internal: `fails on the reference too: ${detail(outcome)}` } : outcome,
  );
}

function shortfallOf(
  outcome: Outcome,
  expectation: ExpectationSpec,
  scope: Scope,
  { observations, secrets }: CheckInput,
): Shortfall {
  const said = fillMessage(expectation.else, scope, secrets);
  switch (outcome.kind) {
    case 'value':
      return { verdict: 'fail', message: said, internal: null };
    case 'threw':
      return { verdict: 'fail', message: `${said} (${outcome.message})`, internal: detail(outcome) };
    case 'stopped':
      return { verdict: 'fail', message: `${said} (${detail(outcome)})`, internal: detail(outcome) };
    case 'broken':
      return { verdict: 'error', message: attribution.bug.sentence, internal: outcome.internal };
    case 'absent':
      return unseen(outcome.roots, observations);
  }
}

function unseen(roots: readonly string[], observations: Readonly<Record<string, Observation>>): Shortfall {
  const shortfalls = roots.map((root): Shortfall => {
    const observation = Object.hasOwn(observations, root) ? observations[root] : undefined;
    if (observation?.outcome !== 'unseen') {
      return { verdict: 'error', message: attribution.bug.sentence, internal: `"${root}" was not looked at` };
    }
    const { verdict, sentence } = attribution[observation.problem];
    const message = verdict === 'fail' && observation.reason.trim() !== '' ? observation.reason : sentence;
    return { verdict, message, internal: `${root}: ${observation.problem}: ${observation.internal}` };
  });
  const told = shortfalls.find(({ verdict }) => verdict === 'error') ?? shortfalls[0];
  return told ?? { verdict: 'error', message: attribution.bug.sentence, internal: 'nothing was absent' };
}

function partialPoints(expectation: ExpectationSpec, outcomes: readonly Outcome[]): number {
  const earned = expectation.partial.filter((_, at) => holds(outcomes[at])).map(({ points }) => points);
  return Math.max(0, ...earned);
}

function seenValues(observations: Readonly<Record<string, Observation>>): Record<string, Value> {
  const values: Record<string, Value> = {};
  for (const [name, observation] of Object.entries(observations)) {
    if (observation.outcome === 'seen') values[name] = observation.value;
  }
  return values;
}

function holds(outcome: Outcome | undefined): boolean {
  return outcome?.kind === 'value' && outcome.value;
}

function brokeDown(outcome: Outcome | undefined): boolean {
  return outcome?.kind === 'threw' || outcome?.kind === 'stopped';
}

function detail(outcome: Outcome): string {
  if (outcome.kind === 'threw') return outcome.internal;
  if (outcome.kind !== 'stopped') return outcome.kind;
  return outcome.because === 'time'
    ? 'judging what was seen took too long'
    : 'judging what was seen took too much memory';
}
