/** `answer`: what the trainee answered to a question; a question without an answer is `unanswered`. */
import { z } from 'zod';
import type { ObserverKind } from '../grading/types.ts';
import { limits } from './limits.ts';
import { LookFailure, look } from './look.ts';
import { bool, dyn, object } from './spec-parts.ts';

const spec = z.strictObject({ question: z.string().min(1) });

export type AnswerSpec = z.infer<typeof spec>;

export const answerObserver: ObserverKind<AnswerSpec> = {
  kind: 'answer',
  spec,
  // Text or number, by the question's kind, which the spec does not know.
  resultType: () => object({ value: dyn, given: bool }),
  components: () => [],
  questions: ({ question }) => [question],
  observe: ({ question }, context, signal) =>
    look(context, limits.lookMs, signal, async () => {
      if (!Object.hasOwn(context.answers, question)) {
        throw new LookFailure('unanswered', 'This question has no answer yet.', `no answer to ${question}`);
      }
      return { value: context.answers[question] ?? null, given: true };
    }),
};
