import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Config } from './config.ts';
import { schemaExists } from './schema/create.ts';
import { isDatabaseAway } from './shared/database-errors.ts';

const patienceMs = 15_000;

/** Makes schema and data where there are none; touches nothing where there are tables. Waits for the database. */
export async function prepareDatabase(config: Config): Promise<'seeded' | 'present'> {
  const client = await connect(config.DATABASE_URL);
  try {
    if (await schemaExists(client)) return 'present';
    const { createAndSeed } = await import('./seed/load.ts');
    await createAndSeed(client, config.SEED_NUMBER, config.SEED_SCALE);
    return 'seeded';
  } catch (error) {
    // Another one was faster while we waited for its lock.
    if (await schemaExists(client).catch(() => false)) return 'present';
    throw error;
  } finally {
    await client.end();
  }
}

async function connect(url: string): Promise<pg.Client> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      if (!isDatabaseAway(error) || performance.now() > deadline) throw error;
      await delay(100);
    }
  }
}
