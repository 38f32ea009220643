/** Hints: each is taken knowingly, because it may cost points. */
import { z } from 'zod';
import { type Api, problems } from '../api.ts';
import { callerOf } from '../auth.ts';
import type { AppDeps } from '../deps.ts';
import { idSchema } from '../schemas.ts';

const hintParams = z.strictObject({ id: idSchema.describe("The lab's id"), check: idSchema });

const hintBody = z
  .strictObject({
    number: z
      .int()
      .min(1)
      .max(100)
      .optional()
      .describe('Which one: naming it makes a repeated request cost nothing. Default: the next'),
  })
  .default({});

export const hintSchema = z.object({
  number: z.int(),
  text: z.string(),
  penalty: z.number().describe('Points that it costs'),
});

export function hintRoutes(api: Api, deps: AppDeps): void {
  api.route({
    method: 'POST',
    url: '/labs/:id/checks/:check/hints',
    config: { audit: { action: 'hint.take', detail: ['number'] } },
    schema: {
      tags: ['grading'],
      summary: 'Take a hint of a check',
      params: hintParams,
      body: hintBody,
      response: { 200: hintSchema, ...problems },
    },
    handler: (request) => {
      const { id, check } = request.params;
      return deps.attempts.takeHint(callerOf(request), id, check, request.body.number ?? null);
    },
  });
}
