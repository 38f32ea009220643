/**
 * The lock table of the labs' server is one for all labs: a single statement of a trainee's, such as an advisory lock
 * for each number up to a million, fills it in 150 ms, and then nobody can even connect (measured). PostgreSQL has no
 * limit on the locks of a role, so that whoever takes too many is ended from here.
 */
import pg from 'pg';
import type { Log } from '../../lab/log.ts';
import type { Naming } from '../naming.ts';
import { sqlState } from '../postgres/admin.ts';

export interface LockGuard {
  /** From now on, on a connection of its own: when the table is full, it is too late to connect. */
  watch(): void;
  close(): Promise<void>;
}

/** The labs' cluster has room for nine labs that take as many, until the next look. */
const mostOfOneLab = 8_000;
const everyMs = 250;
const patienceMs = 10_000;

/** Sessions of labs that hold too much together; those with few locks are not to blame. */
const greedy = `
  SELECT pid, datid, total FROM (
    SELECT h.pid, a.datid, sum(h.locks) OVER (PARTITION BY a.datid)::int AS total
    FROM (SELECT pid, count(*) AS locks FROM pg_locks GROUP BY pid HAVING count(*) > 200) h,
         pg_stat_get_activity(h.pid) a
    WHERE a.usesysid <> $2::oid) s
  WHERE total > $1`;

const endGreedy = `
  SELECT d.datname AS database, g.total AS locks, pg_terminate_backend(g.pid) AS ended
  FROM (${greedy}) g JOIN pg_database d ON d.oid = g.datid WHERE d.datname LIKE $3`;

/**
 * Without names of databases, which can only be read with a lock. Even to end a session takes one, on the roles of the
 * server: what was held in reserve is given up in the same breath, before somebody else can have it.
 */
const endAllGreedy = `
  WITH freed AS MATERIALIZED (SELECT pg_advisory_unlock_all() IS NULL AS never)
  SELECT NULL AS database, total AS locks, pg_terminate_backend(pid) AS ended
  FROM freed, (${greedy}) g WHERE NOT never`;

/** Room in the table that is kept for us: locks of the guard's own, which mean nothing. */
const takeReserve = 'SELECT pg_advisory_lock(n) FROM generate_series(1, 200) n';

export function createLockGuard(adminUrl: string, naming: Naming, log: Log): LockGuard {
  const labs = `${naming.prefix.replaceAll('_', '\\_')}%`;
  let timer: NodeJS.Timeout | null = null;
  let looking: Promise<void> | null = null;
  let connection: { readonly client: pg.Client; readonly me: number } | null = null;
  let hasReserve = false;

  type Ended = { readonly database: string | null; readonly locks: number };
  const ask = (client: pg.Client, name: string, text: string, values: unknown[]) =>
    client.query<Ended>({ name, text, values });

  async function connected() {
    if (connection !== null) return connection;
    const client = new pg.Client({
      connectionString: adminUrl,
      application_name: 'labwright',
      connectionTimeoutMillis: patienceMs,
      query_timeout: patienceMs,
    });
    client.on('error', () => {});
    client.once('end', () => {
      connection = null;
    });
    try {
      await client.connect();
      const { rows } = await client.query<{ me: number }>(
        'SELECT oid::int8::float8 AS me FROM pg_roles WHERE rolname = current_user',
      );
      const me = rows[0]?.me ?? 0;
      // Parsed while there is room: nobody holds as many.
      await ask(client, 'all', endAllGreedy, [2 ** 31 - 1, me]);
      hasReserve = false;
      connection = { client, me };
      return connection;
    } catch (thrown) {
      await client.end().catch(() => {});
      throw thrown;
    }
  }

  async function look(): Promise<void> {
    const { client, me } = await connected();
    if (!hasReserve) await client.query(takeReserve);
    hasReserve = true;
    const { rows } = await ask(client, 'labs', endGreedy, [mostOfOneLab, me, labs]).catch((thrown) => {
      if (sqlState(thrown) !== '53200') throw thrown;
      hasReserve = false;
      return ask(client, 'all', endAllGreedy, [mostOfOneLab, me]);
    });
    for (const { database, locks } of rows)
      log.warn({ database, locks }, 'ended a session of a lab that took too many locks');
  }

  /** While the server is away there is nothing to guard; the next look connects again where it must. */
  function lookOnce(): void {
    looking ??= look()
      .catch((thrown) => {
        // Where the server answered, the connection stays: it may be the last that it gives.
        if (sqlState(thrown) !== undefined) return;
        connection?.client.end().catch(() => {});
        connection = null;
      })
      .then(() => {
        looking = null;
      });
  }

  return {
    watch() {
      if (timer !== null) return;
      timer = setInterval(lookOnce, everyMs).unref();
      lookOnce();
    },
    async close() {
      if (timer !== null) clearInterval(timer);
      await looking;
      await connection?.client.end().catch(() => {});
    },
  };
}
