/** Whether an answer fits its question, and what is kept of it. */
import { LabError } from '../lab/errors.ts';
import type { QuestionSpec } from '../templates/types.ts';

const maxAnswerLength = 2_000;

/** The answer as it is recorded. Throws `validation_failed`. */
export function acceptAnswer(question: QuestionSpec, value: string | number): string | number {
  const found = typeof value === 'string' ? `"${value.slice(0, 60)}"` : String(value);
  if (question.kind === 'number') {
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw invalid('value', found, 'a finite number');
  }
  if (typeof value !== 'string') throw invalid('value', found, 'text');
  if (value.length > maxAnswerLength) {
    throw invalid('value', `${value.length} characters`, `at most ${maxAnswerLength} characters`);
  }
  if (question.kind === 'choice') {
    if (question.options.includes(value)) return value;
    throw invalid('value', found, question.options.map((option) => `"${option}"`).join(', '));
  }
  return question.normalise.reduce((text, how) => {
    if (how === 'trim') return text.trim();
    return how === 'lower' ? text.toLowerCase() : text.replace(/\s+/g, ' ');
  }, value);
}

/** An input that does not fit: names the field, what was found and what is allowed. */
export function invalid(field: string, found: string, allowed: string): LabError {
  return new LabError('validation_failed', `${field}: found ${found}; allowed is ${allowed}.`, {
    extra: { errors: [{ field, found, allowed }] },
  });
}
