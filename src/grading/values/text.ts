/** Values as text. */
import type { Value } from '../types.ts';

/** Numbers as short as they can be, timestamps in ISO 8601, bytes in base64, lists and objects as JSON. */
export function valueToText(value: Value): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return String(value);
  if (value instanceof Date) return isoText(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return JSON.stringify(toPrintable(value));
}

function toPrintable(value: Value): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(toPrintable);
  if (value instanceof Date || value instanceof Uint8Array) return valueToText(value);
  // Through fromEntries, which makes `__proto__` a key like any other.
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPrintable(item)]));
}

function isoText(at: Date): string {
  return Number.isNaN(at.getTime()) ? 'no timestamp' : at.toISOString();
}
