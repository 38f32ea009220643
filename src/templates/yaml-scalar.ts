/** From an offset in a YAML text value to the offset in the file. */
import { Scalar } from 'yaml';

/**
 * The offset in `source` of the character `offset` of the scalar's value. Exact for plain and quoted text on one line
 * without escapes and for literal blocks (`|`); elsewhere the scalar's own start.
 */
export function scalarPlace(scalar: Scalar, source: string, offset: number): number {
  const [start, end] = scalar.range ?? [0, 0];
  const value = String(scalar.value);
  const written = source.slice(start, end);
  const quoted = scalar.type === Scalar.QUOTE_DOUBLE || scalar.type === Scalar.QUOTE_SINGLE;
  const first = quoted ? 1 : 0;
  if (written.startsWith(value, first)) return start + first + Math.min(offset, value.length);
  if (scalar.type !== Scalar.BLOCK_LITERAL) return start;

  const lineOfValue = value.slice(0, offset).split('\n').length - 1;
  const columnOfValue = offset - (value.lastIndexOf('\n', offset - 1) + 1);
  const header = source.indexOf('\n', start) + 1;
  const indent = /^ */.exec(source.slice(header))?.[0].length ?? 0;
  let place = header;
  for (let line = 0; line < lineOfValue; line++) place = source.indexOf('\n', place) + 1;
  return Math.min(end, place + indent + columnOfValue);
}
