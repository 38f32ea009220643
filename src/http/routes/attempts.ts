/** Attempts: ask for the lab to be graded, and read what was found. */
import { z } from 'zod';
import type { AttemptView } from '../../grading/attempt-view.ts';
import { type Api, problems } from '../api.ts';
import { callerOf } from '../auth.ts';
import type { AppDeps } from '../deps.ts';
import { explanationSchema, explanationWire } from '../explanation-wire.ts';
import { idSchema, iso, labParams, timeSchema } from '../schemas.ts';

const tags = ['grading'];

export const verdictSchema = z
  .enum(['pass', 'fail', 'error', 'blocked'])
  .describe('`error`: we could not look; it is not charged to the trainee');

const attemptSchema = z.object({
  number: z.int(),
  final: z.boolean(),
  state: z.enum(['queued', 'running', 'finished', 'void']),
  requestedAt: timeSchema,
  startedAt: timeSchema.nullable(),
  finishedAt: timeSchema.nullable(),
  points: z.number().nullable().describe('Of the checks that are shown, hints and skips taken off'),
  maxPoints: z.number(),
  penalty: z.number().describe('Taken off for hints and skipped tasks'),
  hiddenChecks: z.int().describe('Checks whose verdict is kept until you submit'),
  voidReason: z.string().nullable(),
  lateSeconds: z
    .number()
    .nullable()
    .describe("Handed in so long after its class's time, where that is marked"),
  regraded: z
    .object({ at: timeSchema, reason: z.string() })
    .nullable()
    .describe('It was judged again with a corrected template'),
  results: z.array(
    z.object({
      check: z.string(),
      title: z.string(),
      shown: z.boolean(),
      verdict: verdictSchema.nullable(),
      points: z.number().nullable(),
      maxPoints: z.number(),
      message: z.string().nullable(),
      override: z
        .object({
          reason: z.string(),
          by: z.string(),
          at: timeSchema,
          graded: z.object({ verdict: verdictSchema, points: z.number() }),
        })
        .nullable()
        .describe("A person's verdict that counts, and the grader's beside it"),
      recorded: z
        .object({ verdict: verdictSchema, points: z.number(), message: z.string().nullable() })
        .nullable()
        .describe('It was judged again with a corrected template: what was found first'),
      mark: z
        .object({
          marks: z.record(z.string(), z.enum(['full', 'half', 'none'])),
          comment: z.string().nullable(),
          by: z.string(),
          at: timeSchema,
        })
        .nullable(),
      looks: z
        .array(z.object({ name: z.string().optional(), at: timeSchema, durationMs: z.number() }))
        .describe('When it was looked at, while you kept working; names are for instructors'),
      internal: z.string().nullable().optional().describe('Instructors only'),
      evidence: z.record(z.string(), z.string()).optional().describe('Instructors only'),
    }),
  ),
});

const attemptParams = z.strictObject({
  id: idSchema.describe("The lab's id"),
  number: z.coerce.number().int().min(1).max(1_000_000),
});

const requestBody = z
  .strictObject({
    final: z.boolean().default(false).describe('Hands the lab in: the grade is recorded once'),
  })
  .default({ final: false });

export function attemptRoutes(api: Api, deps: AppDeps): void {
  const { attempts } = deps;

  api.route({
    method: 'POST',
    url: '/labs/:id/attempts',
    config: { audit: { action: 'attempt.request', detail: ['final'] } },
    schema: {
      tags,
      summary: 'Grade a lab now',
      params: labParams,
      body: requestBody,
      response: { 202: attemptSchema, ...problems },
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const attempt = await attempts.requestAttempt(callerOf(request), id, request.body);
      return reply
        .code(202)
        .header('location', `/api/v1/labs/${id}/attempts/${attempt.number}`)
        .send(attemptWire(attempt));
    },
  });

  api.route({
    method: 'GET',
    url: '/labs/:id/attempts',
    schema: {
      tags,
      summary: 'Attempts of a lab, oldest first',
      params: labParams,
      response: { 200: z.object({ items: z.array(attemptSchema) }), ...problems },
    },
    handler: async (request) => {
      const list = await attempts.listAttempts(callerOf(request), request.params.id);
      return { items: list.map(attemptWire) };
    },
  });

  api.route({
    method: 'GET',
    url: '/labs/:id/attempts/:number',
    schema: {
      tags,
      summary: 'One attempt',
      params: attemptParams,
      querystring: z.strictObject({
        explain: z
          .enum(['true', 'false'])
          .default('false')
          .describe('Instructors only: also what each check was judged on'),
      }),
      response: {
        200: attemptSchema.extend({ explained: z.array(explanationSchema).nullable().optional() }),
        ...problems,
      },
    },
    handler: async (request, reply) => {
      const { id, number } = request.params;
      const caller = callerOf(request);
      const attempt = attemptWire(await attempts.getAttempt(caller, id, number));
      if (request.query.explain === 'false') return attempt;
      const stop = new AbortController();
      reply.raw.once('close', () => stop.abort());
      const explained = await deps.explain.explain(caller, id, number, stop.signal);
      return { ...attempt, explained: explained?.map(explanationWire) ?? null };
    },
  });
}

function attemptWire(view: AttemptView): z.infer<typeof attemptSchema> {
  return {
    ...view,
    requestedAt: iso(view.requestedAt),
    startedAt: iso(view.startedAt),
    finishedAt: iso(view.finishedAt),
    regraded: view.regraded === null ? null : { ...view.regraded, at: iso(view.regraded.at) },
    results: view.results.map((one) => ({
      ...one,
      override: one.override === null ? null : { ...one.override, at: iso(one.override.at) },
      mark:
        one.mark === null
          ? null
          : {
              marks: { ...one.mark.marks },
              comment: one.mark.comment,
              by: one.mark.by,
              at: iso(one.mark.at),
            },
      looks: [...one.looks],
      internal: one.internal,
      evidence: one.evidence === undefined ? undefined : { ...one.evidence },
    })),
  };
}
