/** How far a lab has come: tasks, checks, questions. */
import { z } from 'zod';
import { type Api, problems } from '../api.ts';
import { callerOf } from '../auth.ts';
import type { AppDeps } from '../deps.ts';
import { iso, labParams, timeSchema } from '../schemas.ts';
import { answerValue, answerWire } from './answers.ts';
import { verdictSchema } from './attempts.ts';
import { hintSchema } from './hints.ts';

const checkSchema = z.object({
  id: z.string(),
  title: z.string(),
  maxPoints: z.number(),
  state: z
    .enum(['not_graded', 'hidden', 'pass', 'fail', 'error', 'blocked'])
    .describe('`hidden` until you submit; `pass` stays once reached'),
  points: z.number().nullable(),
  passedAt: timeSchema.nullable(),
  latest: verdictSchema.nullable().describe('What the last attempt found'),
  message: z.string().nullable(),
  hints: z.object({
    taken: z.array(hintSchema),
    available: z.int(),
    nextPenalty: z.number().nullable(),
  }),
});

const progressSchema = z.object({
  lab: z.string(),
  points: z.number().describe('Of the checks that are shown, hints taken off'),
  maxPoints: z.number(),
  penalty: z.number(),
  latestAttempt: z.int().nullable(),
  submitted: z
    .object({
      attempt: z.int(),
      at: timeSchema,
      points: z.number(),
      lateSeconds: z.number().nullable().describe("After its class's time, where that is marked"),
    })
    .nullable()
    .describe('The final attempt, once it is finished'),
  onDemand: z
    .object({
      used: z.int(),
      attempts: z.int().nullable().describe('How many there may be; null: as many as one likes'),
      left: z.int().nullable(),
      nextAt: timeSchema.nullable().describe('When the next one is possible; null: at once, or none is left'),
      because: z
        .enum(['every', 'coolDown'])
        .nullable()
        .describe('`coolDown`: the last ones gained nothing; `every`: they come too fast'),
    })
    .describe('Attempts without handing in'),
  due: z
    .object({ at: timeSchema, late: z.enum(['accept', 'mark', 'refuse']) })
    .nullable()
    .describe("When the lab's class is to hand in, and what becomes of later work"),
  tasks: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      open: z.boolean().describe('False: its text is shown when what it waits for is done'),
      checkpoint: z.enum(['to come', 'kept']).nullable().describe('Kept: one can rewind to it'),
      skip: z.object({ penalty: z.number(), state: z.enum(['offered', 'running', 'done']) }).nullable(),
      checks: z.array(checkSchema),
    }),
  ),
  buttons: z.array(
    z.object({ button: z.string(), state: z.enum(['offered', 'not yet', 'pressed', 'done']) }),
  ),
  questions: z.array(
    z.object({
      id: z.string(),
      kind: z.enum(['choice', 'text', 'number', 'file']),
      ask: z.string(),
      options: z.array(z.string()),
      multiple: z.boolean().describe('Several options may be chosen'),
      given: answerValue.nullable(),
    }),
  ),
});

export function progressRoutes(api: Api, deps: AppDeps): void {
  api.route({
    method: 'GET',
    url: '/labs/:id/progress',
    schema: {
      tags: ['grading'],
      summary: 'How far a lab has come',
      params: labParams,
      response: { 200: progressSchema, ...problems },
    },
    handler: async (request) => {
      const progress = await deps.attempts.progress(callerOf(request), request.params.id);
      const { submitted, onDemand, due } = progress;
      return {
        ...progress,
        submitted: submitted === null ? null : { ...submitted, at: iso(submitted.at) },
        onDemand: { ...onDemand, nextAt: iso(onDemand.nextAt) },
        due: due === null ? null : { at: iso(due.at), late: due.late },
        tasks: progress.tasks.map((task) => ({
          ...task,
          checks: task.checks.map((check) => ({
            ...check,
            passedAt: iso(check.passedAt),
            hints: { ...check.hints, taken: [...check.hints.taken] },
          })),
        })),
        buttons: [...progress.buttons],
        questions: progress.questions.map((question) => ({
          ...question,
          options: [...question.options],
          given: question.given === null ? null : answerWire(question.given),
        })),
      };
    },
  });
}
