/** `like(text, pattern)`: regular expressions in linear time. JavaScript's take 23 s over `(a+)+$`. */
import { RE2JS } from 're2js';
import { ExpressionError } from './expression-error.ts';

/** Patterns are written by authors, so there are few; the bound is for those made from data. */
const KEPT_PATTERNS = 200;

/** Why RE2 does not take the pattern; null when it does. */
export function patternProblem(pattern: string): string | null {
  try {
    RE2JS.compile(pattern);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export function createLike(): (text: string, pattern: string) => boolean {
  const compiled = new Map<string, RE2JS>();
  return (text, pattern) => {
    let expression = compiled.get(pattern);
    if (expression === undefined) {
      const problem = patternProblem(pattern);
      if (problem !== null) throw new ExpressionError('"like" was given a pattern that is none');
      expression = RE2JS.compile(pattern);
      if (compiled.size >= KEPT_PATTERNS) compiled.clear();
      compiled.set(pattern, expression);
    }
    return expression.test(text);
  };
}
