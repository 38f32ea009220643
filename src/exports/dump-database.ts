/**
 * All tables of a lab's database as CSV, seen at one moment. Nothing of the trainee's is called for it but what belongs to
 * their own types and policies; views, foreign tables and what belongs to the server are left out.
 */

import type { SandboxHandle } from '../grading/types.ts';
import { LabError } from '../lab/errors.ts';
import { openSession, type SqlSession } from '../observers/sql-session.ts';
import { csvRow } from './csv.ts';
import type { Parcel } from './parcel.ts';

const rowsAtOnce = 1_000;
const mostTables = 500;
const statementMs = 30_000;

interface Table {
  readonly schema: string;
  readonly name: string;
  /** Quoted, to be put into a statement. */
  readonly place: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

/** Adds `<folder>/<schema>.<table>.csv` of every table and `<folder>/tables.json`. Throws LabError. */
export async function dumpDatabase(
  sandbox: SandboxHandle,
  component: string,
  folder: string,
  parcel: Parcel,
  signal: AbortSignal,
): Promise<void> {
  const settings = { statement_timeout: statementMs, row_security: 'off', search_path: 'pg_catalog' };
  const wireBytes = 4 * parcel.room + 1_000_000;
  const session = await opened(sandbox, component, settings, wireBytes, signal);
  let idle = false;
  try {
    await ask(session, 'begin transaction isolation level repeatable read, read only');
    const tables = await tablesOf(session);
    const written: { readonly file: string; readonly columns: Table['columns']; readonly rows: number }[] =
      [];
    for (const table of tables.slice(0, mostTables)) {
      const file = `${folder}/${encodeURIComponent(table.schema)}.${encodeURIComponent(table.name)}.csv`;
      const content = await contentOf(session, table, parcel.room);
      if (typeof content === 'string') parcel.leaveOut(file, content);
      else if (parcel.add(file, content.bytes))
        written.push({ file, columns: table.columns, rows: content.rows });
    }
    if (tables.length > mostTables) parcel.leaveOut(folder, `tables from number ${mostTables + 1} on`);
    parcel.add(`${folder}/tables.json`, Buffer.from(`${JSON.stringify(written, null, 2)}\n`));
    idle = true;
  } catch (thrown) {
    signal.throwIfAborted();
    throw thrown instanceof LabError ? thrown : unreadable(component, thrown);
  } finally {
    session.close(idle);
  }
}

async function opened(
  sandbox: SandboxHandle,
  component: string,
  settings: Readonly<Record<string, string | number>>,
  wireBytes: number,
  signal: AbortSignal,
): Promise<SqlSession> {
  try {
    return await openSession({ sandbox, component, as: 'grader', settings, wireBytes }, signal);
  } catch (thrown) {
    signal.throwIfAborted();
    throw thrown instanceof LabError ? thrown : unreadable(component, thrown);
  }
}

function unreadable(component: string, thrown: unknown): LabError {
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  return new LabError('backend_unavailable', `Database "${component}" could not be read: ${why}`, {
    cause: thrown,
  });
}

type Row = readonly (string | null)[];

/** Rows as arrays of what the server wrote. */
async function ask(session: SqlSession, text: string): Promise<readonly Row[]> {
  const asked = session.client.query<(string | null)[]>({ text, rowMode: 'array' });
  return (await Promise.race([asked, session.lost])).rows;
}

const tables = `
  select n.nspname, c.relname, format('%I.%I', n.nspname, c.relname),
    (select json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod))
                     order by a.attnum)
     from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)::text
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'r' and c.relpersistence <> 't'
    and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
  order by n.nspname, c.relname`;

async function tablesOf(session: SqlSession): Promise<readonly Table[]> {
  return (await ask(session, tables)).map(([schema, name, place, columns]) => ({
    schema: schema ?? '',
    name: name ?? '',
    place: place ?? '',
    columns: JSON.parse(columns ?? '[]') as Table['columns'],
  }));
}

/** The file, or why there is none. A table that cannot be read keeps the others from nothing. */
async function contentOf(
  session: SqlSession,
  { place, columns }: Table,
  room: number,
): Promise<{ readonly bytes: Uint8Array; readonly rows: number } | string> {
  const parts = [Buffer.from(csvRow(columns.map(({ name }) => name)))];
  let size = parts[0]?.byteLength ?? 0;
  let count = 0;
  await ask(session, 'savepoint one_table');
  try {
    await ask(session, `declare export_rows no scroll cursor for select * from ${place}`);
    for (;;) {
      const rows = await ask(session, `fetch ${rowsAtOnce} from export_rows`);
      const part = Buffer.from(rows.map(csvRow).join(''));
      size += part.byteLength;
      count += rows.length;
      if (size > room) break;
      parts.push(part);
      if (rows.length < rowsAtOnce) break;
    }
    await ask(session, 'close export_rows');
    await ask(session, 'release savepoint one_table');
  } catch (thrown) {
    if (!isRefusal(thrown)) throw thrown;
    await ask(session, 'rollback to savepoint one_table');
    return `it could not be read: ${thrown instanceof Error ? thrown.message : ''}`;
  }
  return size > room ? 'it is over what there is room for' : { bytes: Buffer.concat(parts), rows: count };
}

/** The server said no, and the session goes on. */
function isRefusal(thrown: unknown): boolean {
  const { code, severity } = thrown as { readonly code?: unknown; readonly severity?: unknown };
  return typeof code === 'string' && severity === 'ERROR';
}
