/** The types that expressions are checked with: the published ones, and durations and optionals, which only expressions have. */
export type Type =
  | { readonly is: 'dyn' | 'number' | 'string' | 'bool' | 'null' | 'timestamp' | 'duration' | 'bytes' }
  | { readonly is: 'list' | 'map' | 'optional'; readonly of: Type }
  | { readonly is: 'object'; readonly fields: Readonly<Record<string, Type>> };

export const dyn: Type = { is: 'dyn' };
export const number: Type = { is: 'number' };
export const string: Type = { is: 'string' };
export const bool: Type = { is: 'bool' };
export const timestamp: Type = { is: 'timestamp' };
export const duration: Type = { is: 'duration' };
export const anyList: Type = { is: 'list', of: dyn };
export const anyMap: Type = { is: 'map', of: dyn };
export const listOf = (of: Type): Type => ({ is: 'list', of });
export const optionalOf = (of: Type): Type => ({ is: 'optional', of });

const words: Readonly<Record<Type['is'], string>> = {
  dyn: 'anything',
  number: 'a number',
  string: 'text',
  bool: 'true or false',
  null: 'null',
  timestamp: 'a timestamp',
  duration: 'a duration',
  bytes: 'bytes',
  list: 'a list',
  map: 'a map',
  object: 'an object',
  optional: 'an optional value',
};

/** The type in words, with its article: "a list", "text". */
export function describe(type: Type): string {
  return words[type.is];
}

/** Whether a value of type `given` may stand where `wanted` is asked for. What is not known until run time may. */
export function accepts(wanted: Type, given: Type): boolean {
  if (wanted.is === 'dyn' || given.is === 'dyn') return true;
  if (isKeyed(wanted) && isKeyed(given)) return true;
  if (wanted.is !== given.is) return false;
  if ('of' in wanted && 'of' in given) return accepts(wanted.of, given.of);
  return true;
}

/** Whether `a == b` can ever be true. Everything may be compared with null, because any column may be null. */
export function comparable(a: Type, b: Type): boolean {
  if (a.is === 'null' || b.is === 'null') return true;
  return accepts(a, b) || accepts(b, a);
}

/** The type of "one of these two": theirs where they agree, otherwise known at run time only. */
export function either(a: Type, b: Type): Type {
  if (a === b) return a;
  if (a.is !== b.is) return dyn;
  if ('of' in a && 'of' in b) return { is: a.is, of: either(a.of, b.of) };
  return a.is === 'object' ? anyMap : a;
}

export function isKeyed(type: Type): boolean {
  return type.is === 'map' || type.is === 'object';
}
