/**
 * The rows of tables, compared without reading them all: the server hashes each row and sums the hashes up in buckets,
 * and only rows of buckets that differ are asked for one by one.
 */
import pg from 'pg';
import type { LookContext, Value } from '../grading/types.ts';
import type { BaselineSpec, ComparedTable } from './baseline.ts';
import { difference } from './baseline-schema.ts';
import { atStart } from './baseline-start.ts';
import { limits } from './limits.ts';
import { LookFailure } from './look.ts';
import { type SchemaSeen, seeSchema } from './schema-look.ts';
import { readRows, tablesOnly } from './sql-look.ts';
import { readAsChecker } from './sql-reading.ts';

const buckets = 512;
/** Rows of one table: a bucket of more than this many would not fit one answer. */
const mostRows = buckets * 800;
/** Rows that are asked for one by one, on one side. */
const mostDiffering = 20_000;
const keysTold = 100;

interface Target {
  readonly asked: ComparedTable;
  /** Quoted, with its schema. */
  readonly table: string;
  /** Expressions of a row's key and of its content, as text. */
  readonly key: string;
  readonly content: string;
}

/** @throws LookFailure `missing` for a table or column that is gone, `oversized`, `denied` … */
export async function compareRows(
  asked: BaselineSpec,
  [start, now]: readonly [start: LookContext, now: LookContext],
  signal: AbortSignal,
): Promise<Value> {
  const tables = asked.tables ?? [];
  const schemas = [...new Set(tables.map(({ name }) => splitName(name).schema))];
  const only = tables.map(({ name }) => splitName(name).table);
  const wanted = { component: asked.component, schemas, tables: only, timeout: asked.timeout };
  const defined = await atStart(seeSchema(wanted, start, signal));
  const seen: [string, Value][] = [];
  for (const table of tables) {
    const target = targetOf(table, defined);
    seen.push([table.name, await compareTable(target, asked, [start, now], signal)]);
  }
  return Object.fromEntries(seen);
}

async function compareTable(
  target: Target,
  asked: BaselineSpec,
  [start, now]: readonly [start: LookContext, now: LookContext],
  signal: AbortSignal,
): Promise<Value> {
  const sums = (context: LookContext) => ask(bucketsOf(target), [], asked, context, signal);
  const [before, after] = await Promise.all([atStart(sums(start)), sums(now)]);
  const [then, is] = [byBucket(before), byBucket(after)];
  for (const side of [then, is]) {
    if (total(side.values()) > mostRows) throw tooMany(target, mostRows);
  }
  const differing = [...new Set([...then.keys(), ...is.keys()])].filter(
    (bucket) => then.get(bucket)?.sum !== is.get(bucket)?.sum || then.get(bucket)?.n !== is.get(bucket)?.n,
  );
  const [old, present] = await Promise.all([
    atStart(rowsOf(target, differing, then, asked, start, signal)),
    rowsOf(target, differing, is, asked, now, signal),
  ]);
  const { added, removed, changed } = difference(old, present);
  return {
    added: added.length,
    removed: removed.length,
    changed: changed.length,
    addedKeys: added.slice(0, keysTold),
    removedKeys: removed.slice(0, keysTold),
    changedKeys: changed.slice(0, keysTold),
  };
}

interface Bucket {
  readonly n: number;
  readonly sum: string;
}

function byBucket(rows: readonly { readonly [column: string]: Value }[]): ReadonlyMap<number, Bucket> {
  return new Map(rows.map((row) => [Number(row.bucket), { n: Number(row.n), sum: String(row.sum) }]));
}

/** Key → hash of its row, of the buckets that differ; in as few statements as one answer's rows allow. */
async function rowsOf(
  target: Target,
  differing: readonly number[],
  counts: ReadonlyMap<number, Bucket>,
  asked: BaselineSpec,
  context: LookContext,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const size = (bucket: number) => counts.get(bucket)?.n ?? 0;
  if (differing.reduce((sum, bucket) => sum + size(bucket), 0) > mostDiffering) {
    throw tooMany(target, mostDiffering);
  }
  for (let at = 0; at < differing.length; ) {
    const group: number[] = [];
    let rows = 0;
    for (; at < differing.length; at += 1) {
      const bucket = differing[at] ?? 0;
      if (group.length > 0 && rows + size(bucket) > limits.sqlRows) break;
      group.push(bucket);
      rows += size(bucket);
    }
    for (const row of await ask(rowsIn(target), [group], asked, context, signal)) {
      const key = String(row.key);
      // A key that is none: all rows that share it are compared as one.
      found.set(key, [found.get(key) ?? '', String(row.hash)].sort().join(' '));
    }
  }
  return found;
}

async function ask(
  query: string,
  args: unknown[],
  asked: BaselineSpec,
  { sandbox, deadlineMs }: LookContext,
  signal: AbortSignal,
): Promise<readonly { readonly [column: string]: Value }[]> {
  const reading = {
    sandbox,
    component: asked.component,
    budgetMs: Math.min(asked.timeout, deadlineMs),
    // With `row_security` off rows that a policy hides are refused rather than taken for removed ones.
    settings: { search_path: 'pg_catalog', row_security: 'off', ...tablesOnly },
  };
  return readAsChecker(reading, async ({ client }) => (await readRows(client, query, args)).rows, signal);
}

const hashed = ({ table, key, content }: Target) => `
  select key, hash, ('x' || substr(md5(key), 1, 4))::bit(16)::int % ${buckets} as bucket
  from (select ${key} as key, md5(${content}) as hash from ${table} t) r`;

const bucketsOf = (target: Target) => `
  select bucket, count(*)::int as n, sum(('x' || substr(md5(key || hash), 1, 15))::bit(60)::bigint)::text as sum
  from (${hashed(target)}) h group by bucket`;

const rowsIn = (target: Target) =>
  `select key, hash from (${hashed(target)}) h where bucket = any ($1::int[])`;

/** @throws LookFailure `bug` when the start has no such table: the template asks for what it does not make. */
function targetOf(asked: ComparedTable, defined: SchemaSeen): Target {
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

function splitName(name: string): { readonly schema: string; readonly table: string } {
  const dot = name.indexOf('.');
  if (dot === -1) return { schema: 'public', table: name };
  return { schema: name.slice(0, dot), table: name.slice(dot + 1) };
}

function total(counted: Iterable<Bucket>): number {
  let sum = 0;
  for (const { n } of counted) sum += n;
  return sum;
}

function tooMany({ asked }: Target, most: number): LookFailure {
  const reason = `More than ${most} rows of ${asked.name} would have to be compared.`;
  return new LookFailure('oversized', reason, reason);
}
