/** Why an expression could not be worked out over what was seen: in words for the learner, without the expression. */
import { EvaluationError } from '@marcbachmann/cel-js';
import { ExpressionError } from './expression-error.ts';

/** A clause without a full stop. */
export function reasonOf(error: unknown): string {
  if (error instanceof ExpressionError) return error.message;
  if (error instanceof RangeError) return 'what was seen is nested too deeply';
  if (!(error instanceof EvaluationError)) return 'what was seen does not have the expected shape';
  const { code, summary } = error;
  switch (code) {
    case 'no_such_key':
      return `there is no "${after(summary, ': ')}" in what was seen`;
    case 'index_out_of_bounds': {
      const [, index = '', size] = /index (\S+) (?:< 0|>= size (\w+))/.exec(summary) ?? [];
      if (size === undefined) return `item ${index} was looked for, and items count from 0`;
      // The library prints the size of an empty list as `undefined`.
      return `item ${index} was looked for in a list of ${size === 'undefined' ? 0 : size}`;
    }
    case 'no_such_overload': {
      const [, left, operator, right] = /overload: (.+) (\S+) (.+)$/.exec(summary) ?? [];
      if (left === undefined || right === undefined) return 'a value is of another kind than expected';
      return `${kind(left)} and ${kind(right)} do not go together with "${operator}"`;
    }
    case 'no_matching_overload':
      return `"${/'(?:.*\.)?(\w+)\(/.exec(summary)?.[1] ?? 'a function'}" does not work on what was seen`;
    case 'invalid_comprehension_range':
      return 'what was seen is not a list';
    case 'optional_value_missing':
      return 'an optional value is not there';
    case 'invalid_logical_operand':
    case 'invalid_condition_type':
      return 'a value is neither true nor false';
    case 'invalid_timestamp':
      return 'a timestamp is not in ISO 8601';
    default:
      return summary;
  }
}

const kinds: readonly (readonly [RegExp, string])[] = [
  [/list/, 'a list'],
  [/map/, 'an object'],
  [/double|int/, 'a number'],
  [/string/, 'text'],
  [/bool/, 'true or false'],
  [/null/, 'null'],
  [/Timestamp/, 'a timestamp'],
  [/Duration/, 'a duration'],
  [/bytes/, 'bytes'],
];

function kind(celType: string): string {
  return kinds.find(([pattern]) => pattern.test(celType))?.[1] ?? 'a value';
}

function after(text: string, mark: string): string {
  const at = text.indexOf(mark);
  return at === -1 ? text : text.slice(at + mark.length);
}
