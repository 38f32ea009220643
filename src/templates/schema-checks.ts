/** `checks:` what must hold, and `questions:` and `tasks:` around them. */
import { z } from 'zod';
import { look, looks, type Observers } from './schema-looks.ts';
import { folderPath, kebab, line, points, prose, secondsBetween } from './schema-parts.ts';

const expression = z.string().min(1).max(5_000);

/** As a fraction. */
const noise = z
  .union([
    z
      .string()
      .regex(/^\d{1,2}(\.\d+)?%$/, 'expected a share such as "15%"')
      .transform((text) => Number.parseFloat(text) / 100),
    z.number(),
  ])
  .refine((share) => share > 0 && share <= 0.9, 'expected more than 0 and at most 90%');

const expectation = z.strictObject({
  that: expression.describe('A CEL expression over what was observed.'),
  points: points.optional().describe('Of the check; what is not given out is split evenly.'),
  else: prose.describe('What the trainee is told when it does not hold.'),
  partial: z.array(z.strictObject({ that: expression, points })).default([]),
  noise: noise
    .optional()
    .describe('How much a busy machine may lengthen or shorten the times that it compares, such as 15%.'),
});

const criterion = z.strictObject({
  id: kebab,
  points,
  text: prose,
  full: prose.optional().describe('What earns all of the points.'),
  half: prose.optional().describe('What earns half of them.'),
});

const rubric = (observers: Observers) =>
  z.strictObject({
    of: look(observers).optional().describe('What is shown to the one who marks.'),
    criteria: z.array(criterion).min(1, 'expected at least one criterion'),
  });

const hint = z.strictObject({ text: prose, penalty: z.int().min(0).default(0) });

export const check = (observers: Observers) =>
  z
    .strictObject({
      id: kebab,
      title: line,
      points,
      observe: looks(observers).default({}),
      trial: kebab.optional().describe('The trial whose observations it sees too.'),
      require: z
        .strictObject({ event: kebab.describe('A fault.') })
        .optional()
        .describe('Blocked until it is done.'),
      expect: z.array(expectation).min(1, 'expected at least one expectation').optional(),
      rubric: rubric(observers).optional().describe('Marked by a person, in the place of "expect".'),
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
    })
    .superRefine(({ expect, rubric: marked, within, trial }, context) => {
      if ((expect === undefined) === (marked === undefined)) {
        const found = expect === undefined ? 'none' : 'both';
        context.addIssue({ code: 'custom', message: `expected either "expect" or "rubric"; found ${found}` });
      }
      const needless = within !== undefined ? 'within' : trial !== undefined ? 'trial' : null;
      if (marked !== undefined && needless !== null) {
        const message = `a person marks this; "${needless}" goes with "expect"`;
        context.addIssue({ code: 'custom', path: [needless], message });
      }
      if (trial !== undefined && within !== undefined) {
        const message = 'a trial runs once; put the wait into its steps';
        context.addIssue({ code: 'custom', path: ['within'], message });
      }
    })
    .transform(({ expect = [], ...one }) => ({ ...one, expect }));

export const task = z.strictObject({
  id: kebab,
  title: line,
  text: folderPath.optional(),
  checks: z.array(kebab).min(1),
  opens: z
    .union([expression, z.strictObject({ when: expression }).transform((one) => one.when)])
    .optional()
    .describe("Over checks['id'].passed, params and events; open from the start when it is not said."),
  checkpoint: z.boolean().default(false).describe('The lab as it is when the task is done is kept.'),
  skip: z
    .strictObject({
      solution: kebab,
      steps: z.array(kebab).min(1, 'expected at least one step'),
      penalty: z.int().min(0).max(10_000).default(0),
    })
    .optional()
    .describe('Having the task done, at a price.'),
});

export const question = z
  .strictObject({
    id: kebab,
    kind: z.enum(['choice', 'text', 'number', 'file']),
    ask: prose,
    options: z.array(line).optional().describe('Goes with kind choice.'),
    normalise: z
      .union([
        z.enum(['trim', 'lower', 'collapse']).transform((one) => [one]),
        z.array(z.enum(['trim', 'lower', 'collapse'])),
      ])
      .optional()
      .describe('What is done to a text answer before it is compared; `trim` unless said otherwise.'),
    multiple: z.boolean().default(false).describe('Several options may be chosen.'),
  })
  .superRefine(({ kind, options, multiple, normalise }, context) => {
    if (kind === 'choice' && (options?.length ?? 0) < 2) {
      context.addIssue({ code: 'custom', message: 'a choice needs at least two "options"' });
    }
    if (kind !== 'choice' && options !== undefined) {
      context.addIssue({ code: 'custom', path: ['options'], message: '"options" goes with kind choice' });
    }
    if (kind !== 'choice' && multiple) {
      context.addIssue({ code: 'custom', path: ['multiple'], message: '"multiple" goes with kind choice' });
    }
    if (kind === 'file' && normalise !== undefined) {
      context.addIssue({ code: 'custom', path: ['normalise'], message: 'a file is taken as it is' });
    }
  });
