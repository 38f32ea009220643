/**
 * Text that PostgreSQL can hold. It refuses U+0000 in text and, in JSON that it looks into, lone surrogates; both can
 * come out of a trainee's rows or files, and one such character must not make a lab or an attempt unrecordable.
 */
const nul = String.fromCharCode(0);

/** The text with U+0000 and lone surrogates replaced by U+FFFD; the same string when there are none. */
export function wellFormed(text: string): string {
  const clean = text.isWellFormed() ? text : text.toWellFormed();
  return clean.includes(nul) ? clean.replaceAll(nul, '\uFFFD') : clean;
}

/** JSON text with every string, keys included, well-formed. Dates become ISO text. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null';
  // JSON.stringify escapes exactly the characters that PostgreSQL would refuse, so most values need no second walk.
  return /\\u0000|\\ud[89a-f]/i.test(text) ? JSON.stringify(walk(value)) : text;
}

function walk(value: unknown): unknown {
  if (typeof value === 'string') return wellFormed(value);
  if (Array.isArray(value)) return value.map(walk);
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [wellFormed(key), walk(inner)]));
}
