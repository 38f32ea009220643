/** `answer`: what the trainee answered to a question; a question without an answer is `unanswered`. */
import { z } from 'zod';
import type { ObserverKind, Value } from '../grading/types.ts';
import type { AnswerValue } from '../templates/types.ts';
import { limits } from './limits.ts';
import { LookFailure, look } from './look.ts';
import { bool, dyn, list, object, string } from './spec-parts.ts';

const spec = z.strictObject({ question: z.string().min(1) });

export type AnswerSpec = z.infer<typeof spec>;

export const answerObserver: ObserverKind<AnswerSpec> = {
  kind: 'answer',
  spec,
  // `value` is text, number or a list of options, by the question's kind, which the spec does not know.
  resultType: () => object({ value: dyn, values: list(string), text: string, given: bool }),
  components: () => [],
  questions: ({ question }) => [question],
  observe: ({ question }, context, signal) =>
    look(context, limits.lookMs, signal, async () => {
      const answer = Object.hasOwn(context.answers, question) ? context.answers[question] : undefined;
      if (answer === undefined) {
        throw new LookFailure('unanswered', 'This question has no answer yet.', `no answer to ${question}`);
      }
      return seen(answer);
    }),
};

/** `values`: the chosen options, one of a question with a single choice; `text`: the words of any answer. */
function seen(answer: AnswerValue): Value {
  const values = typeof answer === 'object' ? [...answer] : [String(answer)];
  return {
    value: typeof answer === 'object' ? values : answer,
    values,
    text: values.join('\n'),
    given: true,
  };
}
