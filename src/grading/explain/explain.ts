/** Why a check has its verdict, for instructors: what was looked at, what was compared, what counts over it. */
import type { TemplateVersion } from '../../templates/types.ts';
import type { Evaluate, Judged } from '../judge/judge.ts';
import type { AttemptRecord } from '../regrade/attempt-record.ts';
import { textOf } from '../regrade/changes.ts';
import { judgeAgain, type OpenEvidence, secretsOfCheck } from '../regrade/judge-again.ts';
import { looksOf } from '../regrade/looks.ts';
import { type Material, materialFor } from '../regrade/regradable.ts';
import type { OwnVerdict, RegradeSubject } from '../regrade/types.ts';
import type { Scope, Value } from '../types.ts';
import { presentable, redact } from '../values/message.ts';
import { compared } from './compared.ts';

export interface CheckExplanation {
  readonly check: string;
  /** Hash of the version whose expectations it is by. */
  readonly version: string;
  readonly trial: string | null;
  /** By itself, before what depends on other checks, hints and people. */
  readonly alone: { readonly verdict: string; readonly points: number; readonly message: string | null };
  readonly expectations: readonly {
    readonly that: string;
    readonly met: boolean;
    readonly points: number;
    readonly maxPoints: number;
    readonly compared: readonly {
      readonly text: string;
      readonly left: ShownSide;
      readonly right: ShownSide;
    }[];
  }[];
  readonly looks: readonly {
    readonly name: string;
    readonly at: Date;
    readonly durationMs: number;
    /** Shortened and without secrets; null: it was not seen. */
    readonly seen: string | null;
    readonly unseen: { readonly problem: string; readonly reason: string; readonly internal: string } | null;
  }[];
}

interface ShownSide {
  readonly text: string;
  /** Null: it would have to be worked out. */
  readonly value: string | null;
}

export interface ExplainInput extends RegradeSubject {
  readonly record: AttemptRecord;
  /** The version that graded it. */
  readonly then: TemplateVersion;
  readonly version: (hash: string) => TemplateVersion | null;
  readonly open: OpenEvidence;
  readonly evaluate: Evaluate;
}

/** In the order of the results. Rejects as `open` and `evaluate` do. */
export async function explainAttempt(input: ExplainInput): Promise<readonly CheckExplanation[]> {
  const all: CheckExplanation[] = [];
  for (const { checkId } of input.attempt.results) {
    const one = await explainCheck(checkId, input);
    if (one !== null) all.push(one);
  }
  return all;
}

async function explainCheck(id: string, input: ExplainInput): Promise<CheckExplanation | null> {
  const { record, layer, then } = input;
  const own: OwnVerdict | undefined = layer?.own[id];
  const version = own === undefined ? then : input.version(own.version);
  const check = version?.template.checks.find((one) => one.id === id);
  if (version == null || check === undefined) return null;
  const material = version === then ? recorded(id, record) : found(id, version, input);
  const templates = [version.template, then.template];
  const secrets = secretsOfCheck(check, templates, material.drawn, record);
  const show = (text: string) => presentable(redact(text, secrets));
  const alone: Judged =
    own?.judged ?? (await judgeAgain(check, version.template, material, record, { ...input, secrets }));
  const values = await valuesOf(material, input.open);
  const { params, access, events } = record;
  const scope: Scope = { params, access, events, attempt: material.drawn ?? {}, ...values };
  const side = ({ text, value }: { text: string; value: Value | undefined }): ShownSide => ({
    text,
    value: value === undefined ? null : show(textOf(value)),
  });
  return {
    check: id,
    version: version.hash,
    trial: check.trial,
    alone: { verdict: alone.verdict, points: alone.points, message: alone.message },
    expectations: check.expect.map(({ that, points: maxPoints }, at) => ({
      that,
      met: alone.expectations[at]?.met ?? false,
      points: alone.expectations[at]?.points ?? 0,
      maxPoints,
      compared: compared(that, scope).map((one) => ({
        text: one.text,
        left: side(one.left),
        right: side(one.right),
      })),
    })),
    looks: Object.entries(material.looks).map(([name, look]) => ({
      name,
      at: look.at,
      durationMs: look.durationMs,
      seen: 'address' in look ? show(textOf(values[name] ?? null)) : null,
      unseen:
        'address' in look
          ? null
          : { problem: look.problem, reason: show(look.reason), internal: show(look.internal) },
    })),
  };
}

function recorded(id: string, { checks }: AttemptRecord): Material {
  const { observations = {}, drawn = null } = checks[id] ?? {};
  return { looks: observations, drawn };
}

/** What it was judged on when it was judged again. */
function found(id: string, version: TemplateVersion, { then, record }: ExplainInput): Material {
  const now = looksOf(version);
  const check = now.check(id);
  const material = check === undefined ? [] : materialFor(check, now, looksOf(then), record);
  return 'looks' in material ? material : recorded(id, record);
}

async function valuesOf({ looks }: Material, open: OpenEvidence): Promise<Record<string, Value>> {
  const seen = Object.entries(looks).flatMap(([name, look]) =>
    'address' in look ? [[name, look.address] as const] : [],
  );
  return Object.fromEntries(
    await Promise.all(seen.map(async ([name, address]) => [name, await open(address)] as const)),
  );
}
