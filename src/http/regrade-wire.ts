/** Regrades on the wire. */
import { z } from 'zod';
import type { RegradeItem } from '../grading/regrade/regrade-service.ts';
import type { Regrade } from '../grading/regrade/types.ts';
import { iso, timeSchema } from './schemas.ts';

export const regradeSchema = z.object({
  id: z.string(),
  state: z
    .enum(['running', 'ready', 'applied', 'undone', 'stopped'])
    .describe('`ready`: a dry run that may be applied; `stopped`: it was not gone through to its end'),
  template: z.string(),
  from: z.string().nullable().describe('Hash of a version; null: whichever'),
  to: z.string(),
  lab: z.string().nullable(),
  check: z.string().nullable(),
  finals: z.boolean(),
  attempts: z.int().describe('Judged again'),
  changed: z.int(),
  changedFinals: z.int().describe('Of these, those that were handed in; they change with `finals` only'),
  kept: z.int().describe('Attempts of which a check could not be judged again and kept its verdict'),
  askedBy: z.string(),
  askedAt: timeSchema,
  reason: z.string().nullable(),
  appliedBy: z.string().nullable(),
  appliedAt: timeSchema.nullable(),
  undoneBy: z.string().nullable(),
  undoneAt: timeSchema.nullable(),
  undoReason: z.string().nullable(),
});

const standing = z.object({
  verdict: z.string(),
  points: z.number(),
  maxPoints: z.number(),
  message: z.string().nullable(),
});

export const itemSchema = z.object({
  lab: z.string(),
  attempt: z.int(),
  final: z.boolean(),
  changed: z.boolean(),
  pointsBefore: z.number(),
  points: z.number(),
  maxPoints: z.number(),
  kept: z
    .record(z.string(), z.array(z.string()))
    .describe('Check → why it could not be judged again; `*`: all of them'),
  changes: z.array(
    z.object({
      check: z.string(),
      because: z.enum(['judged', 'settled']).describe('`settled`: what it depends on has changed'),
      from: standing,
      to: standing,
      expectations: z.array(
        z.object({
          old: z.string().nullable(),
          new: z.string().nullable(),
          metBefore: z.boolean().nullable(),
          metNow: z.boolean().nullable(),
        }),
      ),
      observed: z.record(z.string(), z.string()).describe('What was seen, shortened and without secrets'),
    }),
  ),
});

export function regradeWire(one: Regrade): z.infer<typeof regradeSchema> {
  const { templateId, labId, checkId, counts, askedAt, appliedAt, undoneAt, ...rest } = one;
  return {
    ...rest,
    ...counts,
    template: templateId,
    lab: labId,
    check: checkId,
    askedAt: iso(askedAt),
    appliedAt: iso(appliedAt),
    undoneAt: iso(undoneAt),
  };
}

export function itemWire({ labId, number, kept, changes, ...rest }: RegradeItem): z.infer<typeof itemSchema> {
  return {
    ...rest,
    lab: labId,
    attempt: number,
    kept: Object.fromEntries(Object.entries(kept).map(([check, why]) => [check, [...why]])),
    changes: changes.map((change) => ({
      ...change,
      expectations: [...change.expectations],
      observed: { ...change.observed },
    })),
  };
}
