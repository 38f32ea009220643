/**
 * When two values are the same. Doubles allow 1e-9 relative, at every depth: a sum of prices in the API and one in the
 * database differ in the last bit, and nobody means that. CEL's own `==` is exact and cannot be replaced, so that
 * `==`, `!=` and `in` are lowered to calls of these.
 */
import { ExpressionError } from './expression-error.ts';

const TOLERANCE = 1e-9;

export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a === 'number' && typeof b === 'number') return close(a, b);
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false;
  if (Array.isArray(a)) return Array.isArray(b) && equalLists(a, b);
  if (a instanceof Date) return b instanceof Date && a.getTime() === b.getTime();
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  if (isDuration(a)) return isDuration(b) && a.seconds === b.seconds && a.nanos === b.nanos;
  const left = entriesOf(a);
  const right = entriesOf(b);
  return left !== null && right !== null && equalMaps(left, right);
}

/** `value in container`: an item of a list, or a key of a map. */
export function member(value: unknown, container: unknown): boolean {
  if (Array.isArray(container)) return container.some((item) => equal(value, item));
  const entries = entriesOf(container);
  if (entries === null) throw new ExpressionError('"in" needs a list or a map on its right');
  return entries.has(value);
}

function close(a: number, b: number): boolean {
  if (!Number.isFinite(a) || !Number.isFinite(b)) return false;
  return Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b));
}

function equalLists(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, at) => equal(item, b[at]));
}

function equalMaps(a: ReadonlyMap<unknown, unknown>, b: ReadonlyMap<unknown, unknown>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) {
    if (!b.has(key) || !equal(value, b.get(key))) return false;
  }
  return true;
}

/** Observed objects are Maps; map literals in an expression are plain objects. */
function entriesOf(value: unknown): ReadonlyMap<unknown, unknown> | null {
  if (value instanceof Map) return value;
  if (typeof value !== 'object' || value === null) return null;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? new Map(Object.entries(value)) : null;
}

/** cel-js does not export its class of durations. */
export function isDuration(value: unknown): value is { readonly seconds: bigint; readonly nanos: number } {
  return Object.prototype.toString.call(value) === '[object google.protobuf.Duration]';
}
