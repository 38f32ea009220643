/**
 * How large what an expression makes may become. What was seen is bounded, but texts and lists can be doubled, and one
 * piece of memory over the cap of the judge's thread does not end the thread: it ends the whole process (`join` of 400
 * texts with a text of 1 MB between them did). A piece has to fit into the 16 MB that a thread gets for ending.
 */
import { ExpressionError } from './expression-error.ts';

/** As long as the longest text that a look may give. */
const MAX_CHARACTERS = 4 * 1024 * 1024;
const MAX_ITEMS = 1_000_000;

/** The result of `+`, which takes its memory only when it is used. @throws ExpressionError when it is too large. */
export function bounded(value: unknown): unknown {
  if (typeof value === 'string' && value.length > MAX_CHARACTERS) throw tooLong();
  if (Array.isArray(value) && value.length > MAX_ITEMS) throw tooMany();
  return value;
}

/** @throws ExpressionError when the text would be too long, or an item is no text. */
export function join(list: readonly unknown[], separator = ''): string {
  let length = Math.max(0, list.length - 1) * separator.length;
  const texts = list.map((item) => {
    if (typeof item !== 'string') throw new ExpressionError('"join" needs a list of texts');
    length += item.length;
    return item;
  });
  if (length > MAX_CHARACTERS) throw tooLong();
  return texts.join(separator);
}

/** At most `most` parts, the last one with all that is left; any number when it is below 0. @throws ExpressionError */
export function split(text: string, separator: string, most = -1): string[] {
  const limit = Math.trunc(most);
  if (limit === 0) return [];
  if (partsOf(text, separator) > MAX_ITEMS) throw tooMany();
  const parts = text.split(separator);
  if (limit < 0 || parts.length <= limit) return parts;
  return [...parts.slice(0, limit - 1), parts.slice(limit - 1).join(separator)];
}

function partsOf(text: string, separator: string): number {
  if (separator === '') return text.length;
  let parts = 1;
  for (let at = text.indexOf(separator); at >= 0; at = text.indexOf(separator, at + separator.length)) {
    parts += 1;
    if (parts > MAX_ITEMS) break;
  }
  return parts;
}

function tooLong(): ExpressionError {
  return new ExpressionError(`a text became longer than ${MAX_CHARACTERS} characters`);
}

function tooMany(): ExpressionError {
  return new ExpressionError(`a list became longer than ${MAX_ITEMS} items`);
}
