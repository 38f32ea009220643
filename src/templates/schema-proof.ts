/** `solutions:` and `wrong:` how a template is proved. */
import { z } from 'zod';
import { size } from './schema-component-parts.ts';
import type { Step } from './schema-looks.ts';
import { kebab, later, line, points, secondsBetween } from './schema-parts.ts';

/** What is changed in a solution's steps, all by step id; applied in this order: replace, drop, before, after. */
const edits = (step: Step) => ({
  replace: z.record(kebab, step).default({}),
  drop: z.array(kebab).default([]),
  before: z.record(kebab, z.array(step).min(1)).default({}),
  after: z.record(kebab, z.array(step).min(1)).default({}),
});

/** `{ use: other, replace: … }`: the steps of another solution, changed. */
const useOther = (step: Step) => z.strictObject({ use: kebab, ...edits(step) });

const verdict = z.enum(['fail', 'blocked']);
const fall = z.union([
  verdict.transform((only) => ({ verdict: only, points: null })),
  z
    .strictObject({ verdict, points: points.or(z.literal(0)).optional() })
    .transform((one) => ({ verdict: one.verdict, points: one.points ?? null })),
]);

export const solutions = (step: Step) =>
  z
    .record(kebab, z.array(z.union([useOther(step), step])).min(1))
    .refine((all) => Object.keys(all).length > 0, 'expected at least one solution');

export const wrong = (step: Step) =>
  z.strictObject({
    id: kebab,
    from: kebab.describe('The solution that it is made from.'),
    steps: z.strictObject(edits(step)).describe('What is done otherwise than in the solution.'),
    fails: z
      .record(kebab, fall)
      .refine((all) => Object.keys(all).length > 0, 'expected at least one check that falls'),
  });

export const test = z
  .strictObject({
    budget: z
      .union([
        secondsBetween(1, 7200).transform((time) => ({ time, memory: undefined })),
        z.strictObject({ time: secondsBetween(1, 7200).optional(), memory: size.optional() }),
      ])
      .optional()
      .describe('What the whole proof may take, and what the processes of one lab may hold at its start.'),
    rerun: z
      .strictObject({ skip: line.describe('Why.') })
      .optional()
      .describe('Why a solution is not run twice.'),
    mutations: z
      .array(kebab)
      .optional()
      .describe('Ids of the solution steps that are left out in turn; else all.'),
    ...later('instructorMarks'),
  })
  .default({});
