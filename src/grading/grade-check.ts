/** One check: its looks, its judging, its polling while `within` lasts, and one more effort when the fault was ours. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CheckSpec, RubricSpec } from '../templates/types.ts';
import { type CheckInput, type Evaluate, type Judged, judgeCheck } from './judge/judge.ts';
import { blockedUntil, judgeMark } from './judge/waiting.ts';
import { type Looking, lookAll } from './look-all.ts';
import { type Recorded, record } from './record.ts';
import type { SharedLooks } from './shared-looks.ts';
import type { TrialRecord, Trials } from './trials/trials.ts';
import type { CheckResult, EvidencePiece, FaultTimes, Mark, Scope, Verdict } from './types.ts';
import { secretsOf } from './values/message.ts';

const firstPauseMs = 250;
const longestPauseMs = 1_000;
const retryPauseMs = 300;

export interface CheckRunDeps {
  readonly looking: Looking;
  readonly shared: SharedLooks;
  readonly trials: Pick<Trials, 'seen' | 'again'>;
  readonly events: Readonly<Record<string, FaultTimes>>;
  /** What people gave, the newest of each check. */
  readonly marks: readonly Mark[];
  /** params, access and events. */
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

export interface GradedCheck {
  readonly result: CheckResult;
  readonly evidence: readonly EvidencePiece[];
  /** What it was judged on; null where nothing was: it waits for an event, or a person marks it. */
  readonly basis: CheckInput | null;
}

/** Grades a check by itself. Every check that it needs must have been started before it: see `checkOrder`. */
export type CheckRun = (check: CheckSpec) => Promise<GradedCheck>;

type Seen = Readonly<Record<string, Recorded>>;

/** What a check has to go by: one name in two of them is its own first, then its trial's. */
interface Saw {
  readonly own: Seen;
  readonly shared: Seen;
  readonly trial: TrialRecord | null;
}

export function createCheckRun(deps: CheckRunDeps): CheckRun {
  const { looking, shared, signal } = deps;
  const verdicts = new Map<string, Verdict>();
  const started = new Map<string, Promise<GradedCheck>>();
  const slow = new Set<string>();

  async function look(check: CheckSpec): Promise<Seen> {
    const own = Object.entries(await lookAll(check.observe, looking, signal));
    return Object.fromEntries(own.map(([name, one]) => [name, record(one, deps.evidenceKey)]));
  }

  /** Only what it reads: all of it would be copied to the judge's thread for each check, and again at each poll. */
  function reads(check: CheckSpec, all: Seen): Seen {
    return Object.fromEntries(Object.entries(all).filter(([name]) => isRead(name, check)));
  }

  async function judge(check: CheckSpec, saw: Saw, start: number): Promise<GradedCheck> {
    const seen = { ...reads(check, saw.shared), ...reads(check, saw.trial?.seen ?? {}), ...saw.own };
    const observations = Object.fromEntries(
      Object.entries(seen).map(([name, one]) => [name, one.observation]),
    );
    const { trial } = saw;
    const drawn = trial === null ? {} : { attempt: trial.attempt };
    const scope = { ...deps.scope, ...drawn };
    const secrets = [...deps.secrets, ...(trial === null ? [] : secretsOf(trial.trial.draws, trial.attempt))];
    const basis: CheckInput = { check, observations, scope, secrets };
    return withEvidence(await judgeCheck(basis, deps.evaluate), seen, start, basis);
  }

  /** What it waits for can no longer come: something that it needs has failed for good. */
  const isHopeless = (check: CheckSpec) =>
    check.needs.some((id) => !deps.held.has(id) && (verdicts.get(id) ?? 'pass') !== 'pass');

  async function run(check: CheckSpec): Promise<GradedCheck> {
    // What a check needs may still be on its way: looking before would see the time before.
    await Promise.all(check.needs.filter((id) => slow.has(id)).map((id) => started.get(id)));
    const start = performance.now();
    const waiting = blockedUntil(check, deps.events, looking.version.template.faults);
    let graded: GradedCheck;
    if (waiting !== null) graded = withEvidence(waiting, {}, start);
    else if (check.rubric !== null) graded = await showAndMark(check, check.rubric, start);
    else graded = await lookAndJudge(check, start);
    verdicts.set(check.id, graded.result.verdict);
    return graded;
  }

  /** What is shown to the one who marks is kept with what they gave. */
  async function showAndMark(check: CheckSpec, rubric: RubricSpec, start: number): Promise<GradedCheck> {
    const mark = deps.marks.find(({ checkId }) => checkId === check.id) ?? null;
    const shown = await look({ ...check, observe: rubric.of === null ? {} : { of: rubric.of } });
    return withEvidence(judgeMark(check, rubric, mark), shown, start);
  }

  async function lookAndJudge(check: CheckSpec, start: number): Promise<GradedCheck> {
    const trialOf = async (which: 'seen' | 'again') =>
      check.trial === null ? null : deps.trials[which](check.trial);
    const [own, sharedSeen, trial] = await Promise.all([look(check), shared.all(), trialOf('seen')]);
    let saw: Saw = { own, shared: sharedSeen, trial };
    // What it waits for comes to the live lab: a trial is run once, and its time is not the check's.
    const patience = deps.held.has(check.id) ? 0 : (check.withinSeconds ?? 0);
    const end = Math.min(deps.deadline, performance.now() + patience * 1_000);
    let graded = await judge(check, saw, start);
    for (
      let pause = firstPauseMs;
      graded.result.verdict !== 'pass';
      pause = Math.min(pause * 1.5, longestPauseMs)
    ) {
      const left = end - performance.now();
      if (left <= 0 || isHopeless(check)) break;
      await sleep(Math.min(pause, left), undefined, { signal });
      saw = { ...saw, own: await look(check) };
      graded = await judge(check, saw, start);
    }
    if (graded.result.verdict === 'error' && deps.deadline - performance.now() > retryPauseMs) {
      await sleep(retryPauseMs, undefined, { signal });
      const [ownAgain, sharedAgain, trialAgain] = await Promise.all([
        look(check),
        shared.again(),
        trialOf('again'),
      ]);
      graded = await judge(check, { own: ownAgain, shared: sharedAgain, trial: trialAgain }, start);
    }
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

function withEvidence(
  judged: Judged,
  seen: Seen,
  start: number,
  basis: CheckInput | null = null,
): GradedCheck {
  const used = Object.entries(seen).flatMap(([name, { evidence }]) =>
    evidence === null ? [] : [[name, evidence] as const],
  );
  const evidence = Object.fromEntries(used.map(([name, piece]) => [name, piece.address]));
  const durationMs = Math.round(performance.now() - start);
  const looks = Object.entries(seen).map(([name, { observation }]) => ({
    name,
    at: observation.at.toISOString(),
    durationMs: Math.round(observation.durationMs),
  }));
  return {
    result: { ...judged, evidence, durationMs, looks },
    evidence: used.map(([, piece]) => piece),
    basis,
  };
}

/** Whether a check names this observation of its trial or of all: in an expression, or in what it tells the learner. */
export function isRead(name: string, check: CheckSpec): boolean {
  const word = new RegExp(`\\b${name}\\b`);
  const filled = (said: string) => said.match(/\{\{[^}]*\}\}/g)?.some((path) => word.test(path)) === true;
  return check.expect.some(
    ({ that, partial, else: said }) =>
      word.test(that) || filled(said) || partial.some((part) => word.test(part.that)),
  );
}
