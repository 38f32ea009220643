import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from '../../src/store/migrate.ts';
import { createPool } from '../../src/store/pool.ts';
import { createPostgresStore } from '../../src/store/postgres-store.ts';
import { attemptStoreContract } from '../contracts/attempt-store-contract.ts';
import { newLab, storeContract } from '../contracts/store-contract.ts';
import { startTestPostgres, type TestPostgres } from '../support/postgres.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };

describe('the PostgreSQL store', () => {
  let server: TestPostgres;
  let pool: pg.Pool;

  beforeAll(async () => {
    server = await startTestPostgres();
    const databaseUrl = await server.createDatabase();
    await migrate(databaseUrl, log);
    pool = createPool({ databaseUrl, max: 20, name: 'test' }, log);
  });
  afterAll(async () => {
    await pool.end();
    await server.stop();
  });

  async function fresh() {
    await pool.query('truncate labs, sandboxes, idempotency_keys, evidence cascade');
    return createPostgresStore(pool);
  }
  const harness = { fresh, pass: (seconds: number) => delay(seconds * 1000) };
  storeContract(harness);
  attemptStoreContract(harness);

  it('holds the global quota exactly under 1,000 concurrent creates of two replicas', async () => {
    const here = await fresh();
    const otherPool = new pg.Pool({ ...pool.options, max: 20 });
    try {
      const there = createPostgresStore(otherPool);
      const quota = { perTrainee: 10, global: 150 };
      const results = await Promise.allSettled(
        Array.from({ length: 1000 }, (_, n) =>
          (n % 2 ? here : there).createLab(newLab(`lab-${n}`, { quota, trainee: `trainee-${n % 300}` })),
        ),
      );
      expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(150);
      const { rows } = await pool.query('select count(*)::int as labs from labs');
      expect(rows).toEqual([{ labs: 150 }]);
    } finally {
      await otherPool.end();
    }
  });

  it('holds a quota that is smaller than what is let in at once', async () => {
    const store = await fresh();
    const quota = { perTrainee: 10, global: 3 };
    const results = await Promise.allSettled(
      Array.from({ length: 100 }, (_, n) =>
        store.createLab(newLab(`lab-${n}`, { quota, trainee: `t-${n}` })),
      ),
    );
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(3);
  });

  it('survives the loss of all its connections', async () => {
    const store = await fresh();
    await store.createLab(newLab('lab-1'));
    const work = Promise.all(Array.from({ length: 40 }, (_, n) => store.getLab(n % 2 ? 'lab-1' : 'nobody')));
    const admin = new pg.Client({ connectionString: server.adminUrl });
    await admin.connect();
    await admin.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'test'`,
    );
    await admin.end();
    expect(await work).toHaveLength(40);
  });

  it('says that the database is away, and when to try again', async () => {
    const away = createPool({ databaseUrl: 'postgres://nobody@127.0.0.1:1/none', max: 1, name: 'away' }, log);
    await expect(createPostgresStore(away).getLab('x')).rejects.toMatchObject({
      code: 'database_unavailable',
      retryAfterSeconds: 2,
    });
    await away.end();
  });
});
