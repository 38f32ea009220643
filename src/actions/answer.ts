/** `answer` as a step: answers a question as the trainee would. */
import { z } from 'zod';
import type { ActionKind, Value } from '../grading/types.ts';
import { limits } from '../observers/limits.ts';
import { dyn, object } from '../observers/spec-parts.ts';
import { act, failed } from './act.ts';

const spec = z.strictObject({
  question: z.string().min(1),
  value: z
    .union([z.string().max(100_000), z.number(), z.array(z.string().max(10_000)).max(100)])
    .describe('A list for a question with several choices.'),
});

export type AnswerActionSpec = z.infer<typeof spec>;

export const answerAction: ActionKind<AnswerActionSpec> = {
  kind: 'answer',
  spec,
  resultType: () => object({ value: dyn }),
  components: () => [],
  questions: ({ question }) => [question],
  run: (asked, context, signal) =>
    act(context, limits.lookMs, signal, async () => {
      const value = context.fill.value(asked.value);
      if (!isAnswer(value)) return failed('An answer is text, a number or a list of texts.');
      await context.answer(asked.question, value);
      return { ok: true, value: { value } };
    }),
};

function isAnswer(value: Value): value is string | number | readonly string[] {
  if (Array.isArray(value)) return value.every((one) => typeof one === 'string');
  return typeof value === 'string' || typeof value === 'number';
}
