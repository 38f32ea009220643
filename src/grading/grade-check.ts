/** One check: its looks, its judging, its polling while `within` lasts, and one more effort when the fault was ours. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CheckSpec } from '../templates/types.ts';
import { type Evaluate, judgeCheck } from './judge/judge.ts';
import { type Looking, lookAll } from './look-all.ts';
import { type Recorded, record } from './record.ts';
import type { SharedLooks } from './shared-looks.ts';
import type { CheckResult, EvidencePiece, Scope, Verdict } from './types.ts';

const firstPauseMs = 250;
const longestPauseMs = 1_000;
const retryPauseMs = 300;

export interface CheckRunDeps {
  readonly looking: Looking;
  readonly shared: SharedLooks;
  /** params and access. */
  readonly scope: Scope;
  readonly secrets: readonly string[];
  readonly evidenceKey: Uint8Array | null;
  readonly evaluate: Evaluate;
  /** Checks that stay passed, whatever is seen now. */
  readonly held: ReadonlySet<string>;
  /** By `performance.now()`. */
  readonly deadline: number;
  readonly signal: AbortSignal;
}

interface GradedCheck {
  readonly result: CheckResult;
  readonly evidence: readonly EvidencePiece[];
}

/** Grades a check by itself. Every check that it needs must have been started before it: see `checkOrder`. */
export type CheckRun = (check: CheckSpec) => Promise<GradedCheck>;

type Seen = Readonly<Record<string, Recorded>>;

export function createCheckRun(deps: CheckRunDeps): CheckRun {
  const { looking, shared, signal } = deps;
  const verdicts = new Map<string, Verdict>();
  const started = new Map<string, Promise<GradedCheck>>();
  const slow = new Set<string>();

  async function see(check: CheckSpec, sharedSeen: Promise<Seen>): Promise<Seen> {
    const [own, all] = await Promise.all([lookAll(check.observe, looking, signal), sharedSeen]);
    const recorded = Object.entries(own).map(([name, one]) => [name, record(one, deps.evidenceKey)] as const);
    // Only what it reads: all of it would be copied to the judge's thread for each check, and again at each poll.
    const read = Object.entries(all).filter(([name]) => isRead(name, check));
    return Object.fromEntries([...read, ...recorded]);
  }

  async function judge(check: CheckSpec, seen: Seen, start: number): Promise<GradedCheck> {
    const observations = Object.fromEntries(
      Object.entries(seen).map(([name, one]) => [name, one.observation]),
    );
    const { scope, secrets, evaluate } = deps;
    const judged = await judgeCheck({ check, observations, scope, secrets }, evaluate);
    const used = Object.entries(seen).flatMap(([name, { evidence }]) =>
      evidence === null ? [] : [[name, evidence] as const],
    );
    const evidence = Object.fromEntries(used.map(([name, piece]) => [name, piece.address]));
    const durationMs = Math.round(performance.now() - start);
    return { result: { ...judged, evidence, durationMs }, evidence: used.map(([, piece]) => piece) };
  }

  /** What it waits for can no longer come: something that it needs has failed for good. */
  const isHopeless = (check: CheckSpec) =>
    check.needs.some((id) => !deps.held.has(id) && (verdicts.get(id) ?? 'pass') !== 'pass');

  async function run(check: CheckSpec): Promise<GradedCheck> {
    // What a check needs may still be on its way: looking before would see the time before.
    await Promise.all(check.needs.filter((id) => slow.has(id)).map((id) => started.get(id)));
    const start = performance.now();
    const patience = deps.held.has(check.id) ? 0 : (check.withinSeconds ?? 0);
    const end = Math.min(deps.deadline, start + patience * 1_000);
    let graded = await judge(check, await see(check, shared.all()), start);
    for (
      let pause = firstPauseMs;
      graded.result.verdict !== 'pass';
      pause = Math.min(pause * 1.5, longestPauseMs)
    ) {
      const left = end - performance.now();
      if (left <= 0 || isHopeless(check)) break;
      await sleep(Math.min(pause, left), undefined, { signal });
      graded = await judge(check, await see(check, shared.all()), start);
    }
    if (graded.result.verdict === 'error' && deps.deadline - performance.now() > retryPauseMs) {
      await sleep(retryPauseMs, undefined, { signal });
      graded = await judge(check, await see(check, shared.again()), start);
    }
    verdicts.set(check.id, graded.result.verdict);
    return graded;
  }

  return (check) => {
    if (check.withinSeconds !== null || check.needs.some((id) => slow.has(id))) slow.add(check.id);
    const graded = run(check);
    started.set(check.id, graded);
    return graded;
  };
}

/** The checks so that each comes after those that it needs; in circles, which templates do not have, as they stand. */
export function checkOrder(checks: readonly CheckSpec[]): readonly CheckSpec[] {
  const byId = new Map(checks.map((check) => [check.id, check]));
  const ordered = new Set<CheckSpec>();
  const visiting = new Set<string>();
  function visit(check: CheckSpec): void {
    if (visiting.has(check.id)) return;
    visiting.add(check.id);
    for (const id of check.needs) {
      const needed = byId.get(id);
      if (needed !== undefined) visit(needed);
    }
    ordered.add(check);
  }
  for (const check of checks) visit(check);
  return [...ordered];
}

/** Whether a check names this shared observation: in an expression, or in what it tells the learner. */
function isRead(name: string, check: CheckSpec): boolean {
  const word = new RegExp(`\\b${name}\\b`);
  return check.expect.some(
    ({ that, partial, else: said }) =>
      word.test(that) || word.test(said) || partial.some((part) => word.test(part.that)),
  );
}
