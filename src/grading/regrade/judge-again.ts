/** Judges one check of an attempt again, over what its record holds and nothing else. */
import type { CheckSpec, Template } from '../../templates/types.ts';
import { type Evaluate, type Judged, judgeCheck } from '../judge/judge.ts';
import { blockedUntil, judgeMark } from '../judge/waiting.ts';
import type { LookProblem, Observation, Value } from '../types.ts';
import { secretsOf } from '../values/message.ts';
import { type AttemptRecord, marksOf, type RecordedLook } from './attempt-record.ts';
import type { Material } from './regradable.ts';

/** What was seen cannot be read any more: what it belongs to is not regradable. */
export class EvidenceLost extends Error {}

/** What was sealed at this address. Throws EvidenceLost. */
export type OpenEvidence = (address: string) => Promise<Value>;

/** As grading judged it: the same template and record give the same bytes. Rejects as `evaluate` and `open` do. */
export async function judgeAgain(
  check: CheckSpec,
  template: Template,
  { looks, drawn }: Material,
  record: AttemptRecord,
  deps: { readonly open: OpenEvidence; readonly evaluate: Evaluate; readonly secrets: readonly string[] },
): Promise<Judged> {
  const waiting = blockedUntil(check, record.events, template.faults);
  if (waiting !== null) return waiting;
  if (check.rubric !== null) {
    const mark = marksOf(record).find(({ checkId }) => checkId === check.id) ?? null;
    return judgeMark(check, check.rubric, mark);
  }
  const observations = await Promise.all(
    Object.entries(looks).map(async ([name, look]) => [name, await observationOf(look, deps.open)] as const),
  );
  const { params, access, events } = record;
  const scope = { params, access, events, ...(drawn === null ? {} : { attempt: drawn }) };
  return judgeCheck(
    { check, observations: Object.fromEntries(observations), scope, secrets: deps.secrets },
    deps.evaluate,
  );
}

/** What no text about this check may show, by any of these templates. */
export function secretsOfCheck(
  { trial }: CheckSpec,
  templates: readonly Template[],
  drawn: Material['drawn'],
  record: AttemptRecord,
): readonly string[] {
  const all = templates.flatMap(({ parameters, trials }) => {
    const draws = trials.find(({ id }) => id === trial)?.draws ?? {};
    return [...secretsOf(parameters, record.params), ...secretsOf(draws, drawn ?? {})];
  });
  return [...new Set(all)];
}

async function observationOf(look: RecordedLook, open: OpenEvidence): Promise<Observation> {
  const { at, durationMs } = look;
  if ('address' in look) return { outcome: 'seen', value: await open(look.address), at, durationMs };
  const { problem, reason, internal } = look;
  // Written by us from an observation: a problem of a later version would be judged as a fault of ours.
  return { outcome: 'unseen', problem: problem as LookProblem, reason, internal, at, durationMs };
}
