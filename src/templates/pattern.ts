/** Patterns that values are drawn from: bounded, and understood alike by the generator and by RE2. */
import randexp from 'randexp';
import { RE2JS } from 're2js';
import { randomSource } from './random.ts';

// The package's types describe a default export inside; what is imported is the class itself.
const RandExp = randexp as unknown as typeof randexp.default;

const longestValue = 1_000;

/** A value that matches the whole pattern. `randInt` is called with inclusive bounds. */
export function drawPattern(pattern: string, randInt: (from: number, to: number) => number): string {
  const generator = new RandExp(pattern);
  generator.randInt = randInt;
  generator.max = 0;
  return generator.gen();
}

/** Why nothing can be drawn from a pattern; null when something can. */
export function patternProblem(pattern: string): string | null {
  if (repeatsWithoutBound(pattern))
    return 'it repeats without bound; write {n} or {n,m} instead of "*", "+" and "{n,}"';
  try {
    const whole = RE2JS.compile(`^(?:${pattern})$`);
    for (let sample = 0; sample < 8; sample++) {
      const random = randomSource('pattern', String(sample));
      const value = drawPattern(pattern, random.int);
      if (value.length > longestValue) return `it makes values of over ${longestValue} characters`;
      if (!whole.test(value))
        return `it has parts that cannot be drawn: "${value}" was made and does not match`;
    }
    return null;
  } catch (thrown) {
    return `it is no pattern: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
  }
}

/** `*`, `+` or `{n,}` outside of a character class. */
function repeatsWithoutBound(pattern: string): boolean {
  const plain = pattern.replace(/\\./gs, '_').replace(/\[\^?\]?[^\]]*\]/g, '_');
  return /[*+]|\{\d*,\}/.test(plain);
}
