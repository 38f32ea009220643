/**
 * Values as the expression engine takes them. Objects become Maps: an observed `{"constructor": 2}` or `{"__proto__": …}`
 * is data there, and a plain object of that shape makes the engine throw.
 */
import type { Scope, Value } from '../types.ts';

/** What an expression is evaluated over. Made once, used by many expressions. */
export type PreparedScope = ReadonlyMap<string, unknown>;

/** Prefixes keep the author's names apart from the engine's own (`list`, `type`, `google`) and from reserved words. */
export const rootName = (name: string): string => `r_${name}`;
export const variableName = (name: string): string => `v_${name}`;

/** Throws RangeError for values nested beyond the stack; recorded values are at most 64 deep. */
export function prepareScope(scope: Scope): PreparedScope {
  return new Map(Object.entries(scope).map(([name, value]) => [rootName(name), toEngine(value)]));
}

function toEngine(value: Value): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(toEngine);
  if (value instanceof Date || value instanceof Uint8Array) return value;
  return new Map(Object.entries(value).map(([key, item]) => [key, toEngine(item)]));
}
