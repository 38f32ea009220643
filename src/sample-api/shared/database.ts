import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { isDatabaseAway, isDatabaseClosed } from './database-errors.ts';

type Row = Record<string, unknown>;

export interface Sql {
  query<R extends object = Row>(text: string, values?: unknown[]): Promise<R[]>;
}

export interface Database extends Sql {
  /** All of `work` or nothing of it. */
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  /** Whether the database answers within a second. */
  answers(): Promise<boolean>;
  /** For the platform's own book-keeping: sent once, and not counted among the statements of requests. */
  unobserved: Sql;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  url: string;
  poolSize: number;
  /** A connection broke. It is replaced; this is for the log. */
  onBroken(error: Error): void;
  /** A statement of a request is sent. */
  onQuery(): void;
}

/** How long a database may take no connections: copying a small one takes a few hundred milliseconds. */
const closedForMs = 2_000;
const askAgainMs = 50;

/** A pool that outlives its connections: they may be terminated, and the database dropped and made again. */
export function openDatabase({ url, poolSize, onBroken, onQuery }: DatabaseOptions): Database {
  const common = {
    connectionString: url,
    application_name: 'dotmac-api',
    options: '-c search_path=public',
    types: { getTypeParser: parserOf as typeof pg.types.getTypeParser },
  };
  // Under load a request waits its turn rather than fail; a probe and the access log must not wait behind it.
  const pool = new pg.Pool({ ...common, max: poolSize, connectionTimeoutMillis: 10_000 });
  const own = new pg.Pool({ ...common, max: 2, connectionTimeoutMillis: 1_500 });
  for (const one of [pool, own]) {
    // A client that breaks while it is out emits an error of its own, at any moment: also in the chunk of bytes that
    // ends its connecting, before whoever asked for it can listen.
    one.on('connect', (client) => client.on('error', onBroken));
    // The same again, when it was idle.
    one.on('error', () => undefined);
  }

  const sqlOn = (client: pg.Pool | pg.PoolClient, onSend = onQuery): Sql => ({
    async query<R extends object>(text: string, values: unknown[] = []) {
      onSend();
      return (await client.query<R>(text, values)).rows;
    },
  });

  /**
   * After a termination every pooled connection may be dead, and so may those be that were just being made; each is
   * found out by using it. A database that takes
   * no connections for the moment is asked again until it does, or has not for `closedForMs`.
   */
  async function retrying<T>(work: () => Promise<T>): Promise<T> {
    const until = performance.now() + closedForMs;
    for (let left = 2 * poolSize; ; ) {
      try {
        return await work();
      } catch (error) {
        if (isDatabaseClosed(error)) {
          if (performance.now() > until) throw error;
          await sleep(askAgainMs);
        } else if (left-- === 0 || !isBroken(error)) throw error;
      }
    }
  }

  async function begin(): Promise<pg.PoolClient> {
    const client = await pool.connect();
    try {
      await client.query('begin');
      return client;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  const database: Database = {
    // What only reads can be sent again without harm. What writes may have been done when its connection breaks: it
    // is begun on a connection that is known to live, and sent once.
    query: (text, values) =>
      isRead(text)
        ? retrying(() => sqlOn(pool).query(text, values))
        : database.transaction((sql) => sql.query(text, values)),
    async transaction(work) {
      const client = await retrying(begin);
      let broken = false;
      try {
        const result = await work(sqlOn(client));
        await client.query('commit');
        return result;
      } catch (error) {
        broken = isDatabaseAway(error);
        if (!broken) await client.query('rollback').catch(() => (broken = true));
        throw error;
      } finally {
        client.release(broken);
      }
    },
    async answers() {
      const timeout = new Promise<boolean>((resolve) => setTimeout(resolve, 1_000, false).unref());
      const asked = retrying(() => own.query('select 1')).then(
        () => true,
        () => false,
      );
      return Promise.race([asked, timeout]);
    },
    unobserved: sqlOn(own, () => undefined),
    async close() {
      await Promise.all([pool.end(), own.end()]);
    },
  };
  return database;
}

/** Without the words of a statement that writes, also below `with`, or that keeps others waiting. */
function isRead(text: string): boolean {
  return /^\s*(select|with)\b/i.test(text) && !/\b(insert|update|delete|merge|into)\b/i.test(text);
}

/** The connection broke under us. A refused or missing database stays refused however often one asks. */
function isBroken(error: unknown): boolean {
  if (!isDatabaseAway(error) || !(error instanceof Error)) return false;
  const code = 'code' in error ? error.code : undefined;
  return (
    code !== 'ECONNREFUSED' && code !== '3D000' && code !== '53300' && !error.message.includes('timeout')
  );
}

const { builtins } = pg.types;

/** As JSON wants it: money and counts are numbers, times ISO 8601 in UTC, dates plain text. */
function parserOf(oid: number, format?: 'text' | 'binary'): unknown {
  if (oid === builtins.NUMERIC || oid === builtins.INT8) return Number;
  if (oid === builtins.DATE) return String;
  if (oid === builtins.TIMESTAMPTZ)
    return (text: string) => {
      const at = new Date(text);
      return Number.isNaN(at.getTime()) ? text : at.toISOString();
    };
  return pg.types.getTypeParser(oid, format ?? 'text');
}
