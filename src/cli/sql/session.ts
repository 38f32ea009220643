/** A trainee's SQL session: statements as they type them, with their role's rights and nothing more. */
import pg from 'pg';
import Cursor from 'pg-cursor';
import { CliError } from '../cli-error.ts';
import { columnsOf, type SqlResult } from './result.ts';

export interface SqlSession {
  /** Throws CliError `sql_failed` with PostgreSQL's own words, hint and place. */
  run(statement: string, maxRows: number): Promise<SqlResult>;
  /** Asks the server to end the statement that runs now. */
  cancel(): Promise<void>;
  close(): Promise<void>;
}

/** Values stay what PostgreSQL writes: 0.10 stays 0.10, and a timestamp keeps its zone. */
const asText = { getTypeParser: () => (value: string) => value };

/** Throws CliError `unavailable` when the database does not answer within 10 s. */
export async function openSqlSession(url: string): Promise<SqlSession> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 10_000,
    application_name: 'labwright sql',
    types: asText as unknown as pg.CustomTypesConfig,
  });
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    throw new CliError(
      'unavailable',
      'database_unreachable',
      `The lab's database does not answer: ${words(error)}.`,
    );
  }
  const { processID } = client as unknown as { processID: number };
  return {
    async run(statement, maxRows) {
      const cursor = client.query(new Cursor<unknown[]>(statement, [], { rowMode: 'array' }));
      try {
        const { rows, fields, tag } = await read(cursor, maxRows + 1);
        const shown = rows.slice(0, maxRows) as (string | null)[][];
        const capped = rows.length > maxRows;
        const rowCount = fields.length > 0 ? rows.length - (capped ? 1 : 0) : (tag?.rowCount ?? 0);
        return { command: tag?.command ?? '', columns: columnsOf(fields), rows: shown, rowCount, capped };
      } catch (error) {
        throw sqlError(error, statement);
      } finally {
        await cursor.close().catch(() => {});
      }
    },
    async cancel() {
      const other = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
      try {
        await other.connect();
        await other.query('select pg_cancel_backend($1)', [processID]);
      } finally {
        await other.end().catch(() => {});
      }
    },
    close: () => client.end(),
  };
}

interface Read {
  readonly rows: unknown[][];
  readonly fields: readonly pg.FieldDef[];
  readonly tag: { readonly command: string; readonly rowCount: number | null } | null;
}

function read(cursor: Cursor<unknown[]>, count: number): Promise<Read> {
  return new Promise((resolve, reject) => {
    cursor.read(count, (error, rows, result) => {
      if (error) reject(error);
      else resolve({ rows, fields: result?.fields ?? [], tag: result ?? null });
    });
  });
}

function sqlError(error: unknown, statement: string): CliError {
  const { code, hint, detail, position } = error as pg.DatabaseError;
  const lines = [
    words(error),
    detail,
    hint === undefined ? undefined : `Hint: ${hint}`,
    place(statement, position),
  ];
  return new CliError('failed', 'sql_failed', lines.filter((line) => line !== undefined).join('\n'), {
    ...(code === undefined ? {} : { sqlstate: code }),
    status: 422,
  });
}

/** The line of the statement that PostgreSQL means, with a mark under the place. */
function place(statement: string, position: string | undefined): string | undefined {
  if (position === undefined) return undefined;
  const before = [...statement].slice(0, Number(position) - 1).join('');
  const line = statement.split('\n')[before.split('\n').length - 1] ?? '';
  const column = before.length - (before.lastIndexOf('\n') + 1);
  return `${line}\n${' '.repeat(column)}^`;
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
