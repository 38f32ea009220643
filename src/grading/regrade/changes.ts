/** What a regrade changes of one attempt, for people: verdicts, expectations, and what was seen. */
import type { CheckSpec, Template } from '../../templates/types.ts';
import type { CheckResult, Value } from '../types.ts';
import { presentable, redact } from '../values/message.ts';
import { valueToText } from '../values/text.ts';
import type { AttemptRecord } from './attempt-record.ts';
import { type OpenEvidence, secretsOfCheck } from './judge-again.ts';
import type { Material } from './regradable.ts';
import type { Again } from './regrade-attempt.ts';
import type { CheckChange, Standing } from './types.ts';

export interface ChangesInput {
  readonly before: readonly CheckResult[];
  readonly again: Again;
  readonly record: AttemptRecord;
  /** By the hash of a version. */
  readonly template: (hash: string) => Template;
  /** The version of each check's verdict before. */
  readonly versionBefore: (checkId: string) => string;
  readonly open: OpenEvidence;
}

/** Rejects as `open` does. */
export async function changesOf(input: ChangesInput): Promise<readonly CheckChange[]> {
  const { before, again } = input;
  const changes: CheckChange[] = [];
  for (const to of again.results) {
    const from = before.find(({ checkId }) => checkId === to.checkId);
    if (from === undefined || !differs(from, to)) continue;
    changes.push(await changeOf(from, to, input));
  }
  return changes;
}

function differs(from: CheckResult, to: CheckResult): boolean {
  return (
    from.verdict !== to.verdict ||
    from.points !== to.points ||
    from.maxPoints !== to.maxPoints ||
    from.message !== to.message
  );
}

async function changeOf(from: CheckResult, to: CheckResult, input: ChangesInput): Promise<CheckChange> {
  const { again, template, record } = input;
  const id = to.checkId;
  const oldSpec = checkIn(template(input.versionBefore(id)), id);
  const version = again.own[id]?.version ?? input.versionBefore(id);
  const newSpec = checkIn(template(version), id);
  const now = again.own[id]?.judged.expectations ?? to.expectations;
  const expectations = lines(oldSpec, newSpec).flatMap((at) => {
    const line = {
      old: oldSpec?.expect[at]?.that ?? null,
      new: newSpec?.expect[at]?.that ?? null,
      metBefore: from.expectations[at]?.met ?? null,
      metNow: now[at]?.met ?? null,
    };
    return line.old === line.new && line.metBefore === line.metNow ? [] : [line];
  });
  const material = again.materials[id];
  const templates = [template(input.versionBefore(id)), template(version)];
  const secrets =
    newSpec === undefined ? [] : secretsOfCheck(newSpec, templates, material?.drawn ?? null, record);
  return {
    check: id,
    because: material === undefined ? 'settled' : 'judged',
    from: standing(from),
    to: standing(to),
    expectations,
    observed: material === undefined ? {} : await observedText(material, secrets, input.open),
  };
}

/** What was seen, as short text without secrets. */
async function observedText(
  { looks }: Pick<Material, 'looks'>,
  secrets: readonly string[],
  open: OpenEvidence,
): Promise<Readonly<Record<string, string>>> {
  const shown: (readonly [string, string])[] = [];
  for (const [name, look] of Object.entries(looks)) {
    const text =
      'address' in look ? textOf(await open(look.address)) : `not seen: ${look.problem}: ${look.reason}`;
    shown.push([name, presentable(redact(text, secrets))]);
  }
  return Object.fromEntries(shown);
}

/** Strings with quotes: `"3"` is not `3`. */
export function textOf(value: Value): string {
  return typeof value === 'string' ? JSON.stringify(value) : valueToText(value);
}

function standing({ verdict, points, maxPoints, message }: CheckResult): Standing {
  return { verdict, points, maxPoints, message };
}

function checkIn({ checks }: Template, id: string): CheckSpec | undefined {
  return checks.find((check) => check.id === id);
}

function lines(...specs: readonly (CheckSpec | undefined)[]): readonly number[] {
  return [...Array(Math.max(...specs.map((one) => one?.expect.length ?? 0))).keys()];
}
