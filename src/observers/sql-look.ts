/** One read: a fresh connection, one read-only transaction, a cursor with caps. */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import Cursor from 'pg-cursor';
import type { LookContext, SandboxHandle, Value } from '../grading/types.ts';
import { limits } from './limits.ts';
import { LookFailure } from './look.ts';
import type { SqlSpec } from './sql.ts';
import { sqlFailure, tooLarge } from './sql-failure.ts';
import { openSession, probe, type SessionOptions, type SqlSession } from './sql-session.ts';
import { refuseShadows } from './sql-shadows.ts';
import { readValue, writeValue } from './sql-values.ts';

export interface RowsSeen {
  readonly [key: string]: Value;
  readonly rows: readonly { readonly [column: string]: Value }[];
  readonly columns: readonly string[];
  readonly rowCount: number;
  readonly durationMs: number;
}

const pauseMs = 150;

/**
 * Reads with the checker's role. What a session could keep (settings, advisory locks) ends with it.
 * @throws LookFailure
 */
export async function seeRows(
  asked: Pick<SqlSpec, 'component' | 'query' | 'args' | 'views' | 'timeout'>,
  { sandbox, fill, deadlineMs }: Pick<LookContext, 'sandbox' | 'fill' | 'deadlineMs'>,
  signal: AbortSignal,
): Promise<RowsSeen> {
  const args = asked.args.map((arg) => writeValue(fill.value(arg)));
  const budget = Math.min(asked.timeout, deadlineMs);
  const options: SessionOptions = {
    sandbox,
    component: asked.component,
    as: 'checker',
    settings: {
      search_path: 'pg_catalog,observability,public',
      default_transaction_read_only: 'on',
      // A little before our own clock, so that the server says what it was.
      statement_timeout: Math.max(50, Math.floor(budget - 100)),
      ...(asked.views ? {} : { restrict_nonsystem_relation_kind: 'view,foreign-table' }),
    },
    wireBytes: limits.sqlWireBytes,
  };
  const session = await connect(options, signal);
  let idle = false;
  try {
    await refuseShadows(session.client, session.trainee);
    const seen = await read(session.client, asked.query, args);
    idle = true;
    return seen;
  } catch (thrown) {
    signal.throwIfAborted();
    const failure = sqlFailure(thrown);
    idle = failure !== null && failure.problem !== 'oversized';
    throw failure ?? (await lostConnection(sandbox, asked.component, thrown, signal));
  } finally {
    session.close(idle);
  }
}

async function read(client: pg.Client, query: string, args: unknown[]): Promise<RowsSeen> {
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

/** A connection; when there is none, one more effort is the proof that it is us. */
async function connect(options: SessionOptions, signal: AbortSignal): Promise<SqlSession> {
  try {
    return await openSession(options, signal);
  } catch {
    signal.throwIfAborted();
  }
  await sleep(pauseMs, undefined, { signal });
  try {
    return await openSession(options, signal);
  } catch (thrown) {
    signal.throwIfAborted();
    const internal = `no connection as checker: ${message(thrown)}`;
    throw new LookFailure(
      'backend_down',
      `${options.component} could not be reached from our side.`,
      internal,
    );
  }
}

async function lostConnection(
  sandbox: SandboxHandle,
  component: string,
  thrown: unknown,
  signal: AbortSignal,
): Promise<LookFailure> {
  if (await probe(sandbox, component, signal)) {
    return new LookFailure(
      'refused',
      'The database closed the connection while it was asked.',
      message(thrown),
    );
  }
  return new LookFailure('backend_down', `${component} could not be reached from our side.`, message(thrown));
}

function message(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
