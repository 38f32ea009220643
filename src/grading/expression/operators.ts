/** What an operator gives for two types. */
import {
  accepts,
  bool,
  comparable,
  describe,
  duration,
  dyn,
  either,
  number,
  string,
  type Type,
  timestamp,
} from './types.ts';

const orderedTypes = [number, string, timestamp, duration, bool];
const arithmetic: Readonly<Record<string, readonly (readonly [Type, Type, Type])[]>> = {
  '+': [
    [number, number, number],
    [string, string, string],
    [timestamp, duration, timestamp],
    [duration, timestamp, timestamp],
    [duration, duration, duration],
  ],
  '-': [
    [number, number, number],
    [timestamp, timestamp, duration],
    [timestamp, duration, timestamp],
    [duration, duration, duration],
  ],
  '*': [[number, number, number]],
  '/': [[number, number, number]],
  '%': [[number, number, number]],
};

/** The type of `left op right`, or, as text, why the author cannot have meant it. */
export function operatorResult(op: string, left: Type, right: Type): Type | string {
  const pair = `${describe(left)} and ${describe(right)}`;
  if (left.is === 'optional' || right.is === 'optional') {
    return `"${op}" needs a value: end an optional path with .orValue(…)`;
  }
  switch (op) {
    case '==':
    case '!=':
      return comparable(left, right) ? bool : `"${op}" compares ${pair}, which are never equal`;
    case 'in':
      return membership(left, right);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return orderedTypes.some((type) => accepts(type, left) && accepts(type, right))
        ? bool
        : `"${op}" cannot order ${pair}`;
    default:
      return sum(op, left, right) ?? `"${op}" does not work on ${pair}`;
  }
}

function membership(item: Type, container: Type): Type | string {
  if (container.is === 'dyn' || container.is === 'map' || container.is === 'object') return bool;
  if (container.is !== 'list')
    return `"in" needs a list or a map on its right, and this is ${describe(container)}`;
  return comparable(item, container.of)
    ? bool
    : `${describe(item)} is never in a list whose items are each ${describe(container.of)}`;
}

function sum(op: string, left: Type, right: Type): Type | null {
  if (op === '+' && left.is === 'list' && right.is === 'list') return either(left, right);
  const results = (arithmetic[op] ?? [])
    .filter(([a, b]) => accepts(a, left) && accepts(b, right))
    .map(([, , result]) => result);
  const [first, ...others] = results;
  if (first === undefined)
    return op === '+' && [left.is, right.is].every((is) => is === 'dyn' || is === 'list') ? dyn : null;
  return others.length === 0 ? first : dyn;
}
