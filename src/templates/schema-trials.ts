/** `trials:`, `watches:` and `faults:` what the grader does, sees over time, and does to the live lab. */
import { z } from 'zod';
import { env } from './schema-component-parts.ts';
import { type Actions, look, type Observers, type Step, trialStep } from './schema-looks.ts';
import { attemptDraws } from './schema-parameters.ts';
import { durationOf, identifier, kebab, line, prose, secondsBetween } from './schema-parts.ts';
import type { FaultTrigger } from './types.ts';

const names = z.array(identifier).min(1, 'expected at least one component');

export const trial = (observers: Observers, actions: Actions, step: Step) =>
  z
    .strictObject({
      id: kebab,
      on: z.union([
        z.literal('live').describe('On the lab itself, alone, and undone.'),
        z.strictObject({
          fork: names.describe('Components of which a copy is made.'),
          env: z.record(identifier, env).default({}).describe('Variables that differ in the copy.'),
        }),
      ]),
      beside: z
        .strictObject({ fork: names, at: z.literal('start').default('start') })
        .optional()
        .describe('The untouched start, on which every step is done too.'),
      draws: attemptDraws.describe('Values of this attempt: attempt.<name>.'),
      deadline: secondsBetween(1, 600).optional().describe('As grading.deadline unless said otherwise.'),
      steps: z.array(trialStep(observers, actions)).min(1, 'expected at least one step'),
      undo: z.array(step).default([]).describe('Of a live trial: done whatever happened.'),
    })
    .superRefine(({ on, beside, undo }, context) => {
      if (on === 'live' && beside !== undefined) {
        const message = 'a live trial has nothing beside it; expected either "on: live" or "beside"';
        context.addIssue({ code: 'custom', path: ['beside'], message });
      }
      if (on !== 'live' && undo.length > 0) {
        const message = 'a fork is thrown away; "undo" goes with on: live';
        context.addIssue({ code: 'custom', path: ['undo'], message });
      }
    });

export const watch = (observers: Observers) =>
  z.strictObject({
    id: kebab,
    every: secondsBetween(0.5, 600),
    from: z.literal('ready').default('ready'),
    observe: look(observers),
    good: z
      .string()
      .min(1)
      .max(5_000)
      .optional()
      .describe('Over `it`, what was seen. Of http: an answer of 200 to 299, unless said otherwise.'),
  });

const day = 86_400;

const when = z
  .strictObject({
    after: z
      .string()
      .max(64)
      .optional()
      .describe('How long after the lab was ready; with "trainee" the check that must have passed.'),
    fault: kebab.optional().describe('When this fault is done.'),
    event: kebab.optional().describe('When this fault is done.'),
    check: kebab.optional().describe('When this check has passed.'),
    trainee: line.optional().describe('What stands on the button.'),
    atLatest: secondsBetween(1, 7 * day)
      .optional()
      .describe('After the lab was ready, whatever happened.'),
  })
  .transform((one, context): FaultTrigger => {
    const refuse = (message: string, ...path: string[]) => {
      context.addIssue({ code: 'custom', path, message });
      return z.NEVER;
    };
    const { after, trainee, atLatest: atLatestSeconds = null } = one;
    const { fault = one.event } = one;
    const ways = [one.fault, one.event, one.check, trainee].filter((way) => way !== undefined).length;
    if (ways > 1 || (ways === 0 && after === undefined)) {
      return refuse('expected exactly one trigger of after, fault, check, event, trainee');
    }
    if (trainee !== undefined) {
      if (after !== undefined && !kebab.safeParse(after).success) {
        return refuse('"after" beside "trainee" names a check', 'after');
      }
      return { on: 'press', button: trainee, after: after ?? null, atLatestSeconds };
    }
    if (ways === 1) {
      if (after !== undefined) return refuse('"after" goes alone, or with "trainee"', 'after');
      return fault === undefined
        ? { on: 'check', id: one.check ?? '', atLatestSeconds }
        : { on: 'fault', id: fault, atLatestSeconds };
    }
    if (atLatestSeconds !== null) return refuse('"after" is a time already', 'atLatest');
    const afterSeconds = durationOf(after ?? '');
    if (afterSeconds === null || afterSeconds > 7 * day) {
      return refuse('expected a duration such as "5m" or "90s"', 'after');
    }
    return { on: 'time', afterSeconds };
  });

export const fault = (step: Step) =>
  z.strictObject({
    id: kebab,
    when,
    say: prose.optional().describe('What the trainee is told when it happens.'),
    steps: z.array(step).min(1, 'expected at least one step'),
  });
