/** `rows[0].id`: where in a value something is. Names, `[n]` and `['key']`; data, never evaluated, no calls. */
import type { Value } from '../types.ts';

export type Segment = string | number;

const first = /^\s*([A-Za-z_][\w-]*)/;
const next = /^(?:\.([A-Za-z_][\w-]*)|\[(\d{1,9})\]|\['([^']*)'\]|\["([^"]*)"\])/;

/** The parts of a path; null for what is none. */
export function parsePath(text: string): readonly Segment[] | null {
  const start = first.exec(text);
  if (start?.[1] === undefined) return null;
  const segments: Segment[] = [start[1]];
  let rest = text.slice(start[0].length).trimEnd();
  while (rest !== '') {
    const step = next.exec(rest);
    if (step === null) return null;
    const [all, name, index, single, double] = step;
    segments.push(index === undefined ? (name ?? single ?? double ?? '') : Number(index));
    rest = rest.slice(all.length);
  }
  return segments;
}

/** What is at the path; undefined when nothing is. Only what was recorded: no `length`, no prototype. */
export function resolvePath(value: Value | undefined, segments: readonly Segment[]): Value | undefined {
  let at = value;
  for (const segment of segments) {
    if (typeof at !== 'object' || at === null || at instanceof Date || at instanceof Uint8Array)
      return undefined;
    if (isList(at)) at = typeof segment === 'number' ? at[segment] : undefined;
    else at = Object.hasOwn(at, segment) ? at[segment] : undefined;
  }
  return at;
}

function isList(value: object): value is readonly Value[] {
  return Array.isArray(value);
}
