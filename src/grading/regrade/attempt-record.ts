/**
 * What an attempt was judged on, whole: with it and the pieces of evidence that it names, every check can be judged again
 * without the lab. Kept as a piece of evidence itself, for it holds what the lab's owner may know and no one else.
 */
import { z } from 'zod';
import type { GradedCheck } from '../grade-check.ts';
import type { CheckProgress, EvidencePiece, Mark, MarkLevel, Observation, Scope, Value } from '../types.ts';
import { sealEvidence } from '../values/evidence.ts';

const value = z.custom<Value>(() => true);
const values = z.record(z.string(), value);
const looked = { at: z.date(), durationMs: z.number() };
const seen = z.object({ ...looked, address: z.string() });
const unseen = z.object({ ...looked, problem: z.string(), reason: z.string(), internal: z.string() });
const time = z.date().nullable();

const shape = z.object({
  format: z.literal(1),
  params: values,
  access: values,
  events: z.record(z.string(), z.object({ at: time, done: time })),
  hintsTaken: z.record(z.string(), z.number()),
  /** Tasks that had been done for the trainee. */
  skipped: z.array(z.string()),
  /** What had been passed in attempts before. */
  progress: z.array(z.object({ checkId: z.string(), passedAt: z.date(), points: z.number() })),
  marks: z.array(
    z.object({
      checkId: z.string(),
      marks: z.record(z.string(), z.string()),
      comment: z.string().nullable(),
    }),
  ),
  /** By check; one that waited for something, or that a person marks, is not here. */
  checks: z.record(
    z.string(),
    z.object({
      /** What the trial that it names had drawn; null: it names none. */
      drawn: values.nullable(),
      /** By name: the address of what was seen, or why it was not. */
      observations: z.record(z.string(), z.union([seen, unseen])),
    }),
  ),
});

export type AttemptRecord = z.infer<typeof shape>;
export type RecordedLook = z.infer<typeof seen> | z.infer<typeof unseen>;

export interface AttemptFacts {
  /** params, access and events, as expressions saw them. */
  readonly scope: Scope;
  readonly hintsTaken: Readonly<Record<string, number>>;
  readonly skipped: readonly string[];
  readonly progress: readonly CheckProgress[];
  readonly marks: readonly Mark[];
  readonly judged: readonly Pick<GradedCheck, 'result' | 'basis'>[];
}

/** Pure. Throws as `encode` does, for values nested too deeply. */
export function sealRecord(facts: AttemptFacts, key: Uint8Array | null): EvidencePiece {
  const { params = {}, access = {}, events = {} } = facts.scope;
  const record: Value = {
    format: 1,
    params,
    access,
    events,
    hintsTaken: facts.hintsTaken,
    skipped: facts.skipped,
    progress: facts.progress.map(({ checkId, passedAt, points }) => ({ checkId, passedAt, points })),
    marks: facts.marks.map(({ checkId, marks, comment }) => ({ checkId, marks, comment })),
    checks: Object.fromEntries(
      facts.judged.flatMap(({ result, basis }) => {
        if (basis === null) return [];
        const observations = Object.entries(basis.observations).map(
          ([name, one]) => [name, recorded(one, result.evidence[name])] as const,
        );
        const drawn = basis.scope.attempt ?? null;
        return [[result.checkId, { drawn, observations: Object.fromEntries(observations) }] as const];
      }),
    ),
  };
  return sealEvidence(record, key);
}

/** Throws for what is no record of ours. */
export function readRecord(value: Value): AttemptRecord {
  return shape.parse(value);
}

function recorded(observation: Observation, address: string | undefined): Value {
  const { at, durationMs } = observation;
  if (observation.outcome === 'seen') return { at, durationMs, address: address ?? '' };
  const { problem, reason, internal } = observation;
  return { at, durationMs, problem, reason, internal };
}

/** Marks as they were given; levels that are none of ours count for nothing. */
export function marksOf({ marks }: AttemptRecord): readonly Mark[] {
  return marks.map(({ checkId, marks: given, comment }) => ({
    checkId,
    marks: given as Readonly<Record<string, MarkLevel>>,
    comment,
    by: '',
    at: new Date(0),
  }));
}
