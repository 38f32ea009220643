/** `answer` as a step: answers a question as the trainee would. */
import { z } from 'zod';
import type { ActionKind } from '../grading/types.ts';
import { limits } from '../observers/limits.ts';
import { dyn, object } from '../observers/spec-parts.ts';
import { act, failed } from './act.ts';

const spec = z.strictObject({
  question: z.string().min(1),
  value: z.union([z.string().max(10_000), z.number()]),
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
      if (typeof value !== 'string' && typeof value !== 'number') {
        return failed('An answer is text or a number.');
      }
      await context.answer(asked.question, value);
      return { ok: true, value: { value } };
    }),
};
