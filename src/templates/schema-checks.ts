/** `checks:` what must hold, and `questions:` and `tasks:` around them. */
import { z } from 'zod';
import { looks, type Observers } from './schema-looks.ts';
import { folderPath, kebab, later, line, points, prose, secondsBetween } from './schema-parts.ts';

const expression = z.string().min(1).max(5_000);

const expectation = z.strictObject({
  that: expression.describe('A CEL expression over what was observed.'),
  points: points.optional().describe('Of the check; what is not given out is split evenly.'),
  else: prose.describe('What the trainee is told when it does not hold.'),
  partial: z.array(z.strictObject({ that: expression, points })).default([]),
});

const hint = z.strictObject({ text: prose, penalty: z.int().min(0).default(0) });

export const check = (observers: Observers) =>
  z.strictObject({
    id: kebab,
    title: line,
    points,
    observe: looks(observers).default({}),
    expect: z.array(expectation).min(1, 'expected at least one expectation'),
    needs: z.array(kebab).default([]),
    within: secondsBetween(0.1, 300).optional().describe('Look again until it holds.'),
    sticky: z.boolean().default(false),
    visible: z.enum(['always', 'titleOnly', 'afterSubmit']).default('always'),
    guard: z
      .boolean()
      .default(false)
      .describe('May hold at the start; scores only beside another passed check.'),
    passesAtStart: line.optional().describe('Why it may pass before any work is done.'),
    hints: z.array(hint).default([]),
    ...later('trial', 'rubric', 'require'),
  });

export const task = z.strictObject({
  id: kebab,
  title: line,
  text: folderPath.optional(),
  checks: z.array(kebab).min(1),
  ...later('opens', 'checkpoint'),
});

export const question = z
  .strictObject({
    id: kebab,
    kind: z.enum(['choice', 'text', 'number']),
    ask: prose,
    options: z.array(line).optional().describe('Goes with kind choice.'),
    normalise: z
      .union([
        z.enum(['trim', 'lower', 'collapse']).transform((one) => [one]),
        z.array(z.enum(['trim', 'lower', 'collapse'])),
      ])
      .optional()
      .describe('What is done to a text answer before it is compared; `trim` unless said otherwise.'),
    ...later('multiple'),
  })
  .superRefine(({ kind, options }, context) => {
    if (kind === 'choice' && (options?.length ?? 0) < 2) {
      context.addIssue({ code: 'custom', message: 'a choice needs at least two "options"' });
    }
    if (kind !== 'choice' && options !== undefined) {
      context.addIssue({ code: 'custom', path: ['options'], message: '"options" goes with kind choice' });
    }
  });
