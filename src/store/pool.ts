/** Connections to the control database, with limits that keep one bad moment from becoming a hang. */
import pg from 'pg';
import type { Log } from '../lab/log.ts';

export interface PoolOptions {
  readonly databaseUrl: string;
  /** Connections at most. */
  readonly max: number;
  /** What `pg_stat_activity` shows. */
  readonly name: string;
  /** False for rings and the like: a commit does not wait for the disk. */
  readonly durable?: boolean;
}

/** A pool that survives a server that comes and goes. The caller ends it. */
export function createPool(options: PoolOptions, log: Log): pg.Pool {
  const pool = new pg.Pool({
    connectionString: options.databaseUrl,
    max: options.max,
    application_name: options.name,
    connectionTimeoutMillis: 3_000,
    // Idle connections are kept a while: a new one costs about 5 ms and all prepared statements.
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    statement_timeout: 15_000,
    idle_in_transaction_session_timeout: 15_000,
    ...(options.durable === false ? { options: '-c synchronous_commit=off' } : {}),
  });
  // A connection that the server closes would end the process without a listener: the pool's own covers those that
  // are idle, one on each connection covers those in use.
  const lost = (error: Error) => {
    // Sockets close a moment after an ended pool says so; that a server which is stopped then cuts them is no news.
    // Not the error itself: the pool hangs the whole connection on it, secrets and all.
    if (!pool.ending)
      log.warn({ because: error.message, pool: options.name }, 'a database connection was lost');
  };
  pool.on('error', lost);
  pool.on('connect', (client) => client.on('error', lost));
  return pool;
}
