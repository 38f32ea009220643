/** Answers to a lab's questions; graded with the next attempt. */
import { z } from 'zod';
import { type Api, problems } from '../api.ts';
import { callerOf } from '../auth.ts';
import type { AppDeps } from '../deps.ts';
import { idSchema, textSchema } from '../schemas.ts';

const answerParams = z.strictObject({ id: idSchema.describe("The lab's id"), question: idSchema });

/** A little more than an answer may have, so that the question itself can say what it takes. */
const answerBody = z.strictObject({
  value: z.union([z.number(), textSchema(10_000)], 'text, or a finite number'),
});

const answerSchema = z.object({
  question: z.string(),
  value: z.union([z.string(), z.number()]).describe('As it was recorded'),
});

export function answerRoutes(api: Api, deps: AppDeps): void {
  api.route({
    method: 'PUT',
    url: '/labs/:id/answers/:question',
    schema: {
      tags: ['grading'],
      summary: 'Answer a question, or change the answer',
      params: answerParams,
      body: answerBody,
      response: { 200: answerSchema, ...problems },
    },
    handler: (request) => {
      const { id, question } = request.params;
      return deps.attempts.putAnswer(callerOf(request), id, question, request.body.value);
    },
  });
}
