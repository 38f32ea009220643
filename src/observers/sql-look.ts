/** One read: a fresh connection, one read-only transaction, a cursor with caps. */
import type pg from 'pg';
import Cursor from 'pg-cursor';
import type { LookContext, Value } from '../grading/types.ts';
import { databaseOf } from './database-place.ts';
import { limits } from './limits.ts';
import type { SqlSpec } from './sql.ts';
import { tooLarge } from './sql-failure.ts';
import { planValue } from './sql-plan.ts';
import { readAsChecker } from './sql-reading.ts';
import { refuseShadows } from './sql-shadows.ts';
import { readValue, writeValue } from './sql-values.ts';

export interface RowsSeen {
  readonly [key: string]: Value;
  readonly rows: readonly { readonly [column: string]: Value }[];
  readonly columns: readonly string[];
  readonly rowCount: number;
  readonly durationMs: number;
}

/**
 * Settings of a session in which a query goes through nothing but tables. The checker sees what policies hide from
 * others; where it was made one of the others, a hidden row is refused rather than taken for one that is not there.
 */
export const tablesOnly = {
  restrict_nonsystem_relation_kind: 'view,foreign-table',
  row_security: 'off',
} as const;

/** Rows, or with `explain` the plan that the query would have. @throws LookFailure */
export function seeRows(
  asked: Omit<SqlSpec, 'explain' | 'analyze'> & Partial<Pick<SqlSpec, 'explain' | 'analyze'>>,
  { sandbox, fill, deadlineMs }: Pick<LookContext, 'sandbox' | 'fill' | 'deadlineMs'>,
  signal: AbortSignal,
): Promise<Value> {
  const args = asked.args.map((arg) => writeValue(fill.value(arg)));
  const reading = {
    own: databaseOf(asked, fill),
    sandbox,
    component: asked.component,
    budgetMs: Math.min(asked.timeout, deadlineMs),
    settings: {
      // The platform's own schemas come before the one where the trainee may make things.
      search_path: 'pg_catalog,lab_statistics,observability,public',
      ...(asked.views ? {} : tablesOnly),
    },
  };
  const work = async ({ client, trainee }: { client: pg.Client; trainee: string }): Promise<Value> => {
    await refuseShadows(client, trainee, !asked.views);
    if (!asked.explain) return readRows(client, asked.query, args);
    const options = asked.analyze ? 'analyze, buffers, format json' : 'format json';
    const { rows, durationMs } = await readRows(client, `explain (${options}) ${asked.query}`, args);
    return { plan: planValue(rows[0]?.['QUERY PLAN'] ?? null), durationMs };
  };
  return readAsChecker(reading, work, signal);
}

/** At most the capped rows of one statement. @throws LookFailure `oversized`; what the server says. */
export async function readRows(client: pg.Client, query: string, args: unknown[]): Promise<RowsSeen> {
  const start = performance.now();
  // The only statement of its session: it is a transaction by itself, read-only by the session's default, and no
  // function in it can make it another one (`transaction_read_only` is fixed with the first snapshot).
  const cursor = client.query(new Cursor<(string | null)[]>(query, args, { rowMode: 'array' }));
  const { rows, fields } = await readCursor(cursor);
  if (rows.length > limits.sqlRows) throw tooLarge(`more than ${limits.sqlRows} rows`);
  const durationMs = Math.round(performance.now() - start);
  return { ...rowsValue(fields, rows), rowCount: rows.length, durationMs };
}

interface Raw {
  readonly rows: readonly (string | null)[][];
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
}

function readCursor(cursor: Cursor<(string | null)[]>): Promise<Raw> {
  return new Promise((resolve, reject) => {
    // One more than the cap, so that a cap that was passed is seen.
    cursor.read(limits.sqlRows + 1, (error: Error | undefined, rows, result) => {
      if (error) reject(error);
      else resolve({ rows, fields: result?.fields ?? [] });
    });
  });
}

/** Raw rows as values. @throws LookFailure `oversized` over the byte cap. */
export function rowsValue(fields: Raw['fields'], rows: Raw['rows']): Pick<RowsSeen, 'rows' | 'columns'> {
  if (fields.length > limits.sqlColumns) throw tooLarge(`${fields.length} columns`);
  let bytes = 0;
  for (const row of rows) for (const raw of row) bytes += raw === null ? 1 : Buffer.byteLength(raw);
  if (bytes > limits.sqlBytes) throw tooLarge(`${bytes} bytes`);
  const columns = fields.map((field) => field.name);
  const values = rows.map((row) =>
    Object.fromEntries(fields.map((field, at) => [field.name, readValue(field.dataTypeID, row[at] ?? null)])),
  );
  return { rows: values, columns };
}
