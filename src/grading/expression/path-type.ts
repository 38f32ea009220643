/** The type of what `{{path}}` reaches, so that a misspelt path is refused at load and not shown as `–` to a trainee. */
import { nearest } from '../../templates/suggest.ts';
import type { ValueType } from '../types.ts';

export type PathType =
  | { readonly ok: true; readonly type: ValueType }
  | { readonly ok: false; readonly message: string; readonly suggestion: string | null };

/** `segments` as `references` gives them; the first is the root's name. */
export function typeOfPath(
  segments: readonly (string | number)[],
  roots: Readonly<Record<string, ValueType>>,
): PathType {
  let at: ValueType = { is: 'object', fields: roots };
  for (const [depth, segment] of segments.entries()) {
    if (at.is === 'dyn') return { ok: true, type: at };
    if (at.is === 'list' && typeof segment === 'number') at = at.of;
    else if (at.is === 'map' && typeof segment === 'string') at = at.of;
    else if (at.is === 'object' && typeof segment === 'string') {
      const known = Object.keys(at.fields);
      const found: ValueType | undefined = Object.hasOwn(at.fields, segment) ? at.fields[segment] : undefined;
      if (found === undefined) {
        const message = `unknown ${depth === 0 ? 'name' : 'field'} "${segment}"; known are ${known.join(', ') || 'none'}`;
        return { ok: false, message, suggestion: nearest(segment, known) };
      }
      at = found;
    } else
      return {
        ok: false,
        message: `there is nothing at "${segment}": it is not in ${of(at)}`,
        suggestion: null,
      };
  }
  return { ok: true, type: at };
}

function of(type: ValueType): string {
  return type.is === 'list' ? 'a list, whose items are [0], [1] …' : `a value of type ${type.is}`;
}
