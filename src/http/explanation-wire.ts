/** Why a check has its verdict, on the wire. */
import { z } from 'zod';
import type { CheckExplanation } from '../grading/explain/explain.ts';
import { iso, timeSchema } from './schemas.ts';

const side = z.object({
  text: z.string(),
  value: z.string().nullable().describe('Null: it would have to be worked out'),
});

export const explanationSchema = z.object({
  check: z.string(),
  version: z.string().describe('Hash of the template version whose expectations it is by'),
  trial: z.string().nullable(),
  alone: z
    .object({ verdict: z.string(), points: z.number(), message: z.string().nullable() })
    .describe('By itself, before what depends on other checks, hints and people'),
  expectations: z.array(
    z.object({
      that: z.string(),
      met: z.boolean(),
      points: z.number(),
      maxPoints: z.number(),
      compared: z.array(z.object({ text: z.string(), left: side, right: side })),
    }),
  ),
  looks: z.array(
    z.object({
      name: z.string(),
      at: timeSchema,
      durationMs: z.number(),
      seen: z.string().nullable().describe('Shortened and without secrets; null: it was not seen'),
      unseen: z.object({ problem: z.string(), reason: z.string(), internal: z.string() }).nullable(),
    }),
  ),
});

export function explanationWire(one: CheckExplanation): z.infer<typeof explanationSchema> {
  return {
    ...one,
    expectations: one.expectations.map((line) => ({ ...line, compared: [...line.compared] })),
    looks: one.looks.map((look) => ({ ...look, at: iso(look.at) })),
  };
}
