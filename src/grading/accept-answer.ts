/** Whether an answer fits its question, and what is kept of it. */
import { LabError } from '../lab/errors.ts';
import type { AnswerValue, QuestionSpec } from '../templates/types.ts';

const maxAnswerLength = 2_000;
/** A file is handed in as its text. */
const maxFileLength = 200_000;

/** The answer as it is recorded. Throws `validation_failed`. */
export function acceptAnswer(question: QuestionSpec, value: AnswerValue): AnswerValue {
  switch (question.kind) {
    case 'number':
      if (typeof value === 'number' && Number.isFinite(value)) return value;
      throw invalid('value', show(value), 'a finite number');
    case 'choice':
      return question.multiple ? chosen(question, value) : oneOf(question, value);
    case 'text':
      return question.normalise.reduce(
        (text, how) => {
          if (how === 'trim') return text.trim();
          return how === 'lower' ? text.toLowerCase() : text.replace(/\s+/g, ' ');
        },
        textUpTo(maxAnswerLength, value),
      );
    case 'file':
      return textUpTo(maxFileLength, value);
  }
}

function textUpTo(most: number, value: AnswerValue): string {
  if (typeof value !== 'string') throw invalid('value', show(value), 'text');
  if (value.length <= most) return value;
  throw invalid('value', `${value.length} characters`, `at most ${most} characters`);
}

function oneOf({ options }: QuestionSpec, value: AnswerValue): string {
  if (typeof value === 'string' && options.includes(value)) return value;
  throw invalid('value', show(value), allowed(options));
}

/** In the order of the question, each once, so that the same choice is always the same answer. */
function chosen({ options }: QuestionSpec, value: AnswerValue): readonly string[] {
  const given = typeof value === 'string' ? [value] : value;
  if (typeof given === 'number' || given.length === 0) {
    throw invalid('value', show(value), `a list of at least one of ${allowed(options)}`);
  }
  const stranger = given.find((one) => !options.includes(one));
  if (stranger !== undefined) throw invalid('value', show(stranger), allowed(options));
  return options.filter((option) => given.includes(option));
}

const allowed = (options: readonly string[]) => options.map((option) => `"${option}"`).join(', ');

const show = (value: AnswerValue) =>
  typeof value === 'string' ? `"${value.slice(0, 60)}"` : JSON.stringify(value).slice(0, 60);

/** An input that does not fit: names the field, what was found and what is allowed. */
export function invalid(field: string, found: string, allowed: string): LabError {
  return new LabError('validation_failed', `${field}: found ${found}; allowed is ${allowed}.`, {
    extra: { errors: [{ field, found, allowed }] },
  });
}
