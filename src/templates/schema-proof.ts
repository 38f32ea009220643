/** `solutions:` and `wrong:` how a template is proved. */
import { z } from 'zod';
import { type Actions, step } from './schema-looks.ts';
import { kebab, points } from './schema-parts.ts';

/** What is changed in a solution's steps, all by step id; applied in this order: replace, drop, before, after. */
const edits = (actions: Actions) => ({
  replace: z.record(kebab, step(actions)).default({}),
  drop: z.array(kebab).default([]),
  before: z.record(kebab, z.array(step(actions)).min(1)).default({}),
  after: z.record(kebab, z.array(step(actions)).min(1)).default({}),
});

/** `{ use: other, replace: … }`: the steps of another solution, changed. */
const useOther = (actions: Actions) => z.strictObject({ use: kebab, ...edits(actions) });

const verdict = z.enum(['fail', 'blocked']);
const fall = z.union([
  verdict.transform((only) => ({ verdict: only, points: null })),
  z
    .strictObject({ verdict, points: points.or(z.literal(0)).optional() })
    .transform((one) => ({ verdict: one.verdict, points: one.points ?? null })),
]);

export const solutions = (actions: Actions) =>
  z
    .record(kebab, z.array(z.union([useOther(actions), step(actions)])).min(1))
    .refine((all) => Object.keys(all).length > 0, 'expected at least one solution');

export const wrong = (actions: Actions) =>
  z.strictObject({
    id: kebab,
    from: kebab.describe('The solution that it is made from.'),
    steps: z.strictObject(edits(actions)).describe('What is done otherwise than in the solution.'),
    fails: z
      .record(kebab, fall)
      .refine((all) => Object.keys(all).length > 0, 'expected at least one check that falls'),
  });
