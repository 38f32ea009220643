/** PostgreSQL's text form of a value → ours. What has no better form stays text. */
import type { Value } from '../grading/types.ts';
import { toNumberOrText } from '../grading/values/numbers.ts';
import { parseTimestamptz } from '../grading/values/timestamps.ts';
import { parseJson } from './parse.ts';
import { parseArray } from './sql-array.ts';

type Read = (raw: string) => Value;

const bytes: Read = (raw) => Buffer.from(raw.slice(2), 'hex');
const bool: Read = (raw) => raw === 't';
const text: Read = (raw) => raw;
/** `NaN` is neither over nor under any bound, so that a bound the wrong way round would let it through: as text it meets none. */
const float: Read = (raw) => (raw === 'NaN' ? raw : Number(raw));
const json: Read = (raw) => parseJson(raw, 'A JSON value in the result') ?? raw;

/** By type oid (`select oid, typname from pg_type`), which are the same on every server. */
const readers: ReadonlyMap<number, Read> = new Map<number, Read>([
  [16, bool],
  [17, bytes],
  [20, toNumberOrText],
  [21, Number],
  [23, Number],
  [26, Number],
  [700, float],
  [701, float],
  [1700, toNumberOrText],
  [1184, parseTimestamptz],
  [114, json],
  [3802, json],
]);

/** Array type → type of its elements. */
const elements: ReadonlyMap<number, number> = new Map([
  [1000, 16],
  [1001, 17],
  [1016, 20],
  [1005, 21],
  [1007, 23],
  [1028, 26],
  [1021, 700],
  [1022, 701],
  [1231, 1700],
  [1185, 1184],
  [199, 114],
  [3807, 3802],
  [1009, 25],
  [1015, 1043],
  [1014, 1042],
  [1003, 19],
  [1002, 18],
  [2951, 2950],
  [1182, 1082],
  [1115, 1114],
  [1041, 869],
]);

/** One column's raw value as a value. @throws LookFailure `oversized` for JSON that is too deep. */
export function readValue(typeOid: number, raw: string | null): Value {
  if (raw === null) return null;
  const element = elements.get(typeOid);
  if (element === undefined) return (readers.get(typeOid) ?? text)(raw);
  const read = readers.get(element) ?? text;
  return parseArray(raw, read);
}

/** A filled argument as `pg` takes it. */
export function writeValue(value: Value): unknown {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (Array.isArray(value)) return value.map(writeValue);
  // Objects become JSON text in `pg` itself.
  return value;
}
