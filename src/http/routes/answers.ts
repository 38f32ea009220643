/** Answers to a lab's questions; graded with the next attempt. */
import { z } from 'zod';
import type { AnswerValue } from '../../templates/types.ts';
import { type Api, problems } from '../api.ts';
import { callerOf } from '../auth.ts';
import type { AppDeps } from '../deps.ts';
import { idSchema, textSchema } from '../schemas.ts';

const answerParams = z.strictObject({ id: idSchema.describe("The lab's id"), question: idSchema });

/** A little more than an answer may have, so that the question itself can say what it takes. */
const answerBody = z.strictObject({
  value: z.union(
    [z.number(), textSchema(250_000), z.array(textSchema(1_000)).max(100)],
    'text, a finite number, or a list of options',
  ),
});

/** Text or a file's text, a number, or the chosen options. */
export const answerValue = z.union([z.string(), z.number(), z.array(z.string())]);

const answerSchema = z.object({
  question: z.string(),
  value: answerValue.describe('As it was recorded'),
});

export function answerRoutes(api: Api, deps: AppDeps): void {
  api.route({
    method: 'PUT',
    url: '/labs/:id/answers/:question',
    config: { audit: 'answer.give' },
    schema: {
      tags: ['grading'],
      summary: 'Answer a question, or change the answer',
      params: answerParams,
      body: answerBody,
      response: { 200: answerSchema, ...problems },
    },
    handler: async (request) => {
      const { id, question } = request.params;
      const kept = await deps.attempts.putAnswer(callerOf(request), id, question, request.body.value);
      return { question: kept.question, value: answerWire(kept.value) };
    },
  });
}

export function answerWire(value: AnswerValue): z.infer<typeof answerValue> {
  return typeof value === 'object' ? [...value] : value;
}
