/**
 * The rows of tables, compared without reading them all: the server hashes each row and sums the hashes up in buckets,
 * and only rows of buckets that differ are asked for one by one.
 */
import type { LookContext, Value } from '../grading/types.ts';
import type { Compared } from './baseline.ts';
import { difference } from './baseline-schema.ts';
import { atStart } from './baseline-start.ts';
import { buckets, bucketsOf, rowsIn, splitName, type Target, targetOf } from './baseline-table.ts';
import { databaseOf } from './database-place.ts';
import { limits } from './limits.ts';
import { LookFailure } from './look.ts';
import { seeSchema } from './schema-look.ts';
import { readRows, tablesOnly } from './sql-look.ts';
import { readAsChecker } from './sql-reading.ts';

/** Rows of one table: a bucket of more than this many would not fit one answer. */
const mostRows = buckets * 800;
/** Rows that are asked for one by one, on one side. */
const mostDiffering = 20_000;
const keysTold = 100;

/** @throws LookFailure `missing` for a table or column that is gone, `oversized`, `denied` … */
export async function compareRows(
  asked: Compared,
  [start, now]: readonly [start: LookContext, now: LookContext],
  signal: AbortSignal,
): Promise<Value> {
  const tables = asked.tables ?? [];
  const schemas = [...new Set(tables.map(({ name }) => splitName(name).schema))];
  const only = tables.map(({ name }) => splitName(name).table);
  const wanted = { ...asked, schemas, tables: only };
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
  asked: Compared,
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
  asked: Compared,
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
  asked: Compared,
  { sandbox, fill, deadlineMs }: LookContext,
  signal: AbortSignal,
): Promise<readonly { readonly [column: string]: Value }[]> {
  const reading = {
    own: databaseOf(asked, fill),
    sandbox,
    component: asked.component,
    budgetMs: Math.min(asked.timeout, deadlineMs),
    settings: { search_path: 'pg_catalog', ...tablesOnly },
  };
  return readAsChecker(reading, async ({ client }) => (await readRows(client, query, args)).rows, signal);
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
