/** One attempt judged again: each check by itself, then all of them settled, then compared with what counts now. */
import type { CheckSpec, TaskSpec, TemplateVersion } from '../../templates/types.ts';
import type { Evaluate, Judged } from '../judge/judge.ts';
import { type Settled, settle } from '../judge/settle.ts';
import type { CheckProgress, CheckResult } from '../types.ts';
import type { AttemptRecord } from './attempt-record.ts';
import { judgeAgain, type OpenEvidence, secretsOfCheck } from './judge-again.ts';
import type { Looks } from './looks.ts';
import { type Material, materialFor } from './regradable.ts';
import type { OwnVerdict, RegradeSubject } from './types.ts';

export interface AttemptToRegrade extends RegradeSubject {
  readonly record: AttemptRecord;
  /** What had been passed before, by the verdicts that count by then. */
  readonly progress: readonly CheckProgress[];
  readonly now: Looks;
  /** The version that it was graded by. */
  readonly then: Looks;
  /** Only this check; null: all. */
  readonly only: string | null;
  /** Of versions that checks of its layer were judged by. */
  readonly version: (hash: string) => TemplateVersion;
  readonly open: OpenEvidence;
  readonly evaluate: Evaluate;
}

export interface Again extends Settled {
  readonly own: Readonly<Record<string, OwnVerdict>>;
  readonly kept: Readonly<Record<string, readonly string[]>>;
  /** What checks were judged on that were judged anew. */
  readonly materials: Readonly<Record<string, Material>>;
}

const notThere: readonly string[] = ['the check is not in that version'];

/** Rejects as `open` and `evaluate` do. */
export async function regradeAttempt(input: AttemptToRegrade): Promise<Again> {
  const { attempt, layer, record, now, then } = input;
  const before = await verdictsBefore(input);
  if (layer === null) {
    const trouble = unlike(
      attempt.results,
      settleOwn(input, before, record.progress, then.version.template.tasks).results,
    );
    if (trouble !== null) return keptAll(input, before, trouble);
  }
  const own: Record<string, OwnVerdict> = { ...before };
  const kept: Record<string, readonly string[]> = {};
  const materials: Record<string, Material> = {};
  await Promise.all(
    attempt.results.map(async ({ checkId }) => {
      if (input.only !== null && input.only !== checkId) return;
      const check = now.check(checkId);
      const found = check === undefined ? notThere : materialFor(check, now, then, record);
      if (check === undefined || !('looks' in found)) {
        kept[checkId] = 'looks' in found ? notThere : found;
        return;
      }
      materials[checkId] = found;
      const judged = isUntouched(check, found, input)
        ? before[checkId]?.judged
        : await again(check, found, input);
      if (judged !== undefined) own[checkId] = { version: now.version.hash, judged };
    }),
  );
  for (const { id } of now.version.template.checks) {
    const isNew = !attempt.results.some(({ checkId }) => checkId === id);
    if (isNew && (input.only === null || input.only === id))
      kept[id] = ['the check is not in the version that graded it'];
  }
  const tasks = (input.only === null ? now : then).version.template.tasks;
  return { ...settleOwn(input, own, input.progress, tasks), own, kept, materials };
}

/** What each check gave by itself, as it counts now. */
async function verdictsBefore(input: AttemptToRegrade): Promise<Readonly<Record<string, OwnVerdict>>> {
  const { attempt, layer, then, record } = input;
  if (layer !== null) return layer.own;
  const { hash, template } = then.version;
  const verdicts = await Promise.all(
    attempt.results.map(async ({ checkId }) => {
      const check = then.check(checkId);
      if (check === undefined) return [];
      const { observations = {}, drawn = null } = record.checks[checkId] ?? {};
      const material = { looks: observations, drawn };
      const secrets = secretsOfCheck(check, [template], drawn, record);
      const judged = await judgeAgain(check, template, material, record, { ...input, secrets });
      return [[checkId, { version: hash, judged }] as const];
    }),
  );
  return Object.fromEntries(verdicts.flat());
}

/** Whether its own version has judged it on the same just now: most checks of a corrected template are as they were. */
function isUntouched(
  check: CheckSpec,
  { looks }: Material,
  { layer, now, then, record }: AttemptToRegrade,
): boolean {
  const seen = record.checks[check.id]?.observations ?? {};
  return (
    layer === null &&
    now.around === then.around &&
    JSON.stringify(check) === JSON.stringify(then.check(check.id)) &&
    Object.entries(looks).every(([name, look]) => seen[name] === look)
  );
}

function again(check: CheckSpec, material: Material, input: AttemptToRegrade): Promise<Judged> {
  const { now, then, record } = input;
  const templates = [now.version.template, then.version.template];
  const secrets = secretsOfCheck(check, templates, material.drawn, record);
  return judgeAgain(check, now.version.template, material, record, { ...input, secrets });
}

/** Each check stands by the version that judged it. */
function settleOwn(
  { attempt, record, version }: AttemptToRegrade,
  own: Readonly<Record<string, OwnVerdict>>,
  progress: readonly CheckProgress[],
  tasks: readonly TaskSpec[],
): Settled {
  const checks = attempt.results.flatMap(({ checkId }) => {
    const hash = own[checkId]?.version;
    return hash === undefined ? [] : (version(hash).template.checks.find(({ id }) => id === checkId) ?? []);
  });
  const judged = attempt.results.flatMap((result): CheckResult[] => {
    const verdict = own[result.checkId];
    if (verdict === undefined) return [];
    // What it was looked at stays as it was, and when; what had been passed before is settled.
    const { passedBefore: _passedBefore, ...rest } = result;
    return [{ ...rest, ...verdict.judged }];
  });
  return settle({
    checks,
    tasks,
    judged: Object.fromEntries(judged.map((one) => [one.checkId, one])),
    progress,
    hintsTaken: record.hintsTaken,
    skipped: record.skipped,
  });
}

/**
 * Verdicts that its own version does not give again from the record, such as when judging itself has changed since, say
 * nothing of the template: they are left alone.
 */
function unlike(recorded: readonly CheckResult[], found: readonly CheckResult[]): string | null {
  const differs = recorded.find((one) => {
    const other = found.find(({ checkId }) => checkId === one.checkId);
    return other === undefined || other.verdict !== one.verdict || other.points !== one.points;
  });
  if (differs === undefined) return null;
  return `judging it again by its own version does not give what was recorded of "${differs.checkId}"`;
}

function keptAll({ attempt }: AttemptToRegrade, own: Again['own'], why: string): Again {
  const { results, points, maxPoints, penalty } = attempt;
  return { results, points: points ?? 0, maxPoints, penalty, own, kept: { '*': [why] }, materials: {} };
}
