/**
 * Brings the control database to the newest schema. Every replica may start at once: one migrates, the others wait
 * for it. A database that is up to date is recognised by one query, without loading the migration library.
 */
import { readdirSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import pg from 'pg';
import type { Log } from '../lab/log.ts';

const folder = join(import.meta.dirname, 'migrations');
const table = 'schema_migrations';

/** Throws what the database throws; a migration that fails changes nothing. PostgreSQL 15 or newer. */
export async function migrate(databaseUrl: string, log: Log): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    const missing = await missingMigrations(client);
    if (missing.length === 0) return;
    const { runner } = await import('node-pg-migrate');
    await runner({
      dbClient: client,
      dir: folder,
      direction: 'up',
      migrationsTable: table,
      schema: 'public',
      singleTransaction: true,
      // A replica that comes second waits, and then finds nothing to do.
      advisoryLockMode: 'wait',
      logger: {
        debug: (message) => log.debug({}, message),
        info: (message) => log.debug({}, message),
        warn: (message) => log.warn({}, message),
        error: (message) => log.error({}, message),
      },
    });
    log.info({ migrations: missing }, 'the database schema is up to date');
  } finally {
    await client.end();
  }
}

/** Migrations that an older or newer version of Labwright ran are none of our business: they may run side by side. */
async function missingMigrations(client: pg.Client): Promise<string[]> {
  const ours = readdirSync(folder).map((file) => basename(file, extname(file)));
  const found = await client.query<{ exists: boolean }>('select to_regclass($1) is not null as exists', [
    `public.${table}`,
  ]);
  if (!found.rows[0]?.exists) return ours;
  const done = await client.query<{ name: string }>(`select name from public.${table}`);
  const names = new Set(done.rows.map((row) => row.name));
  return ours.filter((name) => !names.has(name));
}
