/** Makes DotMac's schema and data in the database of DATABASE_URL: `node seed/main.ts --scale S|M --seed N`. */
import pg from 'pg';
import { ConfigError, readSeedConfig } from '../config.ts';
import { schemaExists } from '../schema/create.ts';
import { createAndSeed } from './load.ts';
import { GENERATOR_VERSION } from './version.ts';

/** 0: done. 1: could not (a reason on stderr, nothing is left behind). 2: called wrongly. */
async function main(): Promise<0 | 1 | 2> {
  try {
    const config = readSeedConfig();
    const client = new pg.Client({ connectionString: config.databaseUrl });
    await client.connect();
    try {
      if (await schemaExists(client)) throw new Error('the tables are there already; give an empty database');
      const started = performance.now();
      await createAndSeed(client, config.seed, config.scale);
      const milliseconds = Math.round(performance.now() - started);
      process.stdout.write(
        `${JSON.stringify({ event: 'seeded', seed: config.seed, scale: config.scale, generator: GENERATOR_VERSION, milliseconds })}\n`,
      );
    } finally {
      await client.end();
    }
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof ConfigError ? 2 : 1;
  }
}

process.exitCode = await main();
