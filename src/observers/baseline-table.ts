/** What of a table is compared, and the statements that ask the server for it. */
import pg from 'pg';
import type { Value } from '../grading/types.ts';
import type { ComparedTable } from './baseline.ts';
import { LookFailure } from './look.ts';
import type { SchemaSeen } from './schema-look.ts';

/** The rows of a table are spread over so many by the hash of their key: fewer than one answer has rows. */
export const buckets = 512;

export interface Target {
  readonly asked: ComparedTable;
  /** Quoted, with its schema. */
  readonly table: string;
  /** Expressions of a row's key and of its content, as text. */
  readonly key: string;
  readonly content: string;
}

const hashed = ({ table, key, content }: Target) => `
  select key, hash, ('x' || substr(md5(key), 1, 4))::bit(16)::int % ${buckets} as bucket
  from (select ${key} as key, md5(${content}) as hash from ${table} t) r`;

/** Buckets with how many rows they have and the sum of their hashes. */
export const bucketsOf = (target: Target) => `
  select bucket, count(*)::int as n, sum(('x' || substr(md5(key || hash), 1, 15))::bit(60)::bigint)::text as sum
  from (${hashed(target)}) h group by bucket`;

/** Keys and hashes of the rows of the buckets $1. */
export const rowsIn = (target: Target) =>
  `select key, hash from (${hashed(target)}) h where bucket = any ($1::int[])`;

/** What to compare by. @throws LookFailure `bug` when the start has no such table: the template asks for what it does not make. */
export function targetOf(asked: ComparedTable, defined: SchemaSeen): Target {
  const { schema, table } = splitName(asked.name);
  const mine = (row: { readonly [field: string]: Value }) => row.schema === schema && row.table === table;
  const all = (defined.columns ?? []).filter(mine).map(({ name }) => String(name));
  if (all.length === 0) {
    const reason = 'This check is broken; that is not your doing.';
    throw new LookFailure('bug', reason, `baseline: there is no table ${asked.name} at the start`);
  }
  const columns = asked.columns ?? all;
  const primary = (defined.constraints ?? []).find((row) => mine(row) && row.kind === 'primary key')?.columns;
  const key = asked.key ?? (Array.isArray(primary) ? primary.map(String) : columns);
  return {
    asked,
    table: `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(table)}`,
    key: textOf(key),
    content: `row(${quoted(columns)})::text`,
  };
}

/** By the types' own output, which no cast of a trainee's comes before. */
function textOf(columns: readonly string[]): string {
  return columns.length === 1 ? `format('%s', ${quoted(columns)})` : `row(${quoted(columns)})::text`;
}

function quoted(columns: readonly string[]): string {
  return columns.map((name) => `t.${pg.escapeIdentifier(name)}`).join(', ');
}

export function splitName(name: string): { readonly schema: string; readonly table: string } {
  const dot = name.indexOf('.');
  if (dot === -1) return { schema: 'public', table: name };
  return { schema: name.slice(0, dot), table: name.slice(dot + 1) };
}
