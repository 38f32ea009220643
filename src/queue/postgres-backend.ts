/** Rings in PostgreSQL: nothing to install beside the database that is there anyway. */
import { createPostgresBackend, isPgPool, runMigrations, withBackend } from 'bullmq';
import pg from 'pg';
import type { Log } from '../lab/log.ts';
import type { Backend, Ring } from './bullmq-queue.ts';

/**
 * BullMQ's default, which is what it takes when it is given a pool. Given an address it opens a pool each for queue
 * and worker; one pool for both saves three connections.
 */
const schema = 'bullmq';

/** Migrates the queue's schema, any number of replicas at once. Throws what the database throws. */
export async function openPostgresBackend(
  databaseUrl: string,
  concurrency: number,
  log: Log,
): Promise<Backend> {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    application_name: 'labwright queue',
    // One listens, one renews locks and finds stalled jobs, the others take and finish.
    max: 3 + Math.min(concurrency, 5),
    connectionTimeoutMillis: 3_000,
    keepAlive: true,
    // The row is durable, the ring need not be: a commit that does not wait for the disk rings a third faster.
    options: `-c synchronous_commit=off -c search_path=${schema}`,
  });
  pool.on('error', (error) => {
    // One that is cut while it closes is no news.
    if (!pool.ending) log.warn({ err: error }, 'a connection of the queue was lost');
  });
  try {
    const client = await pool.connect();
    try {
      await runMigrations(client, schema);
    } finally {
      client.release();
    }
  } catch (thrown) {
    await pool.end();
    throw thrown;
  }
  const connection: unknown = pool;
  // BullMQ's own narrow type of a pool; pg's declared one does not fit it.
  if (!isPgPool(connection)) throw new Error('BullMQ does not take this pool');
  const { Queue, Worker } = withBackend(createPostgresBackend);
  return {
    openQueue: (name, options) => new Queue<Ring>(name, { ...options, connection }),
    openWorker: (name, serve, options) => new Worker<Ring, void>(name, serve, { ...options, connection }),
    close: () => pool.end(),
  };
}
