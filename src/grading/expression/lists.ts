/** What the added list functions compute. A list that they cannot work on is the trainee's data: it throws a reason. */
import { equal, isDuration } from './equality.ts';
import { ExpressionError } from './expression-error.ts';

type List = readonly unknown[];

export function sum(list: List): number {
  return numbers('sum', list).reduce((total, n) => total + n, 0);
}

export function avg(list: List): number {
  return sum(nonEmpty('avg', list)) / list.length;
}

export function max(list: List): unknown {
  return sorted('max', nonEmpty('max', list)).at(-1);
}

export function min(list: List): unknown {
  return sorted('min', nonEmpty('min', list))[0];
}

export function sort(list: List): unknown[] {
  return sorted('sort', list);
}

/** The nearest rank: the smallest value that at least `percent` of the list do not exceed. It is always one of them. */
export function percentile(name: string, percent: number, list: List): unknown {
  const ordered = sorted(name, nonEmpty(name, list));
  return ordered[Math.max(0, Math.ceil((percent / 100) * ordered.length) - 1)];
}

/** Differences between neighbours after sorting; of timestamps in seconds. One fewer than the list has. */
export function gaps(list: List): number[] {
  const ordered = sorted('gaps', list).map((item) => {
    if (item instanceof Date) return item.getTime() / 1000;
    if (typeof item === 'number') return item;
    throw new ExpressionError(`"gaps" needs timestamps or numbers, and found ${kindOf(item)}`);
  });
  return ordered.slice(1).map((item, at) => item - (ordered[at] ?? 0));
}

export function seconds(value: unknown): number {
  if (!isDuration(value)) throw new ExpressionError('"seconds" needs a duration');
  return Number(value.seconds) + value.nanos / 1e9;
}

/** Each value once, in the order of first sight. Numbers must be the same exactly: "nearly equal" is not transitive. */
export function distinct(list: List): unknown[] {
  const seen = new Set<unknown>();
  const structures: unknown[] = [];
  return list.filter((item) => {
    if (typeof item === 'object' && item !== null) {
      if (structures.some((other) => equal(item, other))) return false;
      structures.push(item);
      return true;
    }
    if (seen.has(item)) return false;
    seen.add(item);
    return true;
  });
}

function numbers(name: string, list: List): number[] {
  return list.map((item) => {
    if (typeof item === 'number') return item;
    throw new ExpressionError(`"${name}" needs numbers, and found ${kindOf(item)}`);
  });
}

function nonEmpty(name: string, list: List): List {
  if (list.length === 0) throw new ExpressionError(`"${name}" of an empty list is nothing`);
  return list;
}

function sorted(name: string, list: List): unknown[] {
  const kinds = new Set(list.map(kindOf));
  const [kind] = kinds;
  if (kind === undefined) return [];
  if (kinds.size > 1)
    throw new ExpressionError(`"${name}" needs items of one kind, and found ${[...kinds].join(' and ')}`);
  if (!orderable.has(kind)) throw new ExpressionError(`"${name}" cannot order ${kind}`);
  if (kind === 'text') return [...list].sort(byCodeUnits);
  return [...list].sort((a, b) => Number(a) - Number(b) || Number(Number.isNaN(a)) - Number(Number.isNaN(b)));
}

const orderable: ReadonlySet<string> = new Set(['numbers', 'text', 'timestamps', 'durations']);

/** Not by locale: verdicts must not depend on the machine. */
function byCodeUnits(a: unknown, b: unknown): number {
  const left = String(a);
  const right = String(b);
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function kindOf(item: unknown): string {
  if (item === null) return 'null';
  if (typeof item === 'number') return 'numbers';
  if (typeof item === 'string') return 'text';
  if (typeof item === 'boolean') return 'booleans';
  if (item instanceof Date) return 'timestamps';
  if (isDuration(item)) return 'durations';
  return Array.isArray(item) ? 'lists' : 'objects';
}
