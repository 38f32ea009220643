import type pg from 'pg';
import { afterAll, beforeAll, describe } from 'vitest';
import { migrate } from '../../src/store/migrate.ts';
import { createPool } from '../../src/store/pool.ts';
import { createPostgresStore } from '../../src/store/postgres-store.ts';
import { createReleaseStore } from '../../src/store/release-store.ts';
import { createTemplateStore } from '../../src/store/template-store.ts';
import type { TemplateVersion } from '../../src/templates/types.ts';
import { startTestPostgres, type TestPostgres } from '../support/postgres.ts';
import { operationsSuite } from './operations-suite.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };

describe('operations over PostgreSQL', () => {
  let server: TestPostgres;
  let pool: pg.Pool;

  beforeAll(async () => {
    server = await startTestPostgres();
    const databaseUrl = await server.createDatabase();
    await migrate(databaseUrl, log);
    pool = createPool({ databaseUrl, max: 10, name: 'test' }, log);
  }, 60_000);
  afterAll(async () => {
    await pool.end();
    await server.stop();
  });

  operationsSuite(async () => {
    // What a version is made of is another test's matter: here it need only come back.
    const versions = new Map<string, TemplateVersion>();
    return {
      ...createPostgresStore(pool),
      ...createReleaseStore(pool),
      save: async (version: TemplateVersion) => {
        versions.set(version.hash, version);
        await createTemplateStore(pool, {
          encode: () => new Uint8Array([1]),
          decode: () => version,
        }).save(version);
      },
      load: async (hash: string) => versions.get(hash) ?? null,
    };
  });
});
