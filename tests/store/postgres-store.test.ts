import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from '../../src/store/migrate.ts';
import { createPool } from '../../src/store/pool.ts';
import { createPostgresStore } from '../../src/store/postgres-store.ts';
import { createReleaseStore } from '../../src/store/release-store.ts';
import { createTemplateStore } from '../../src/store/template-store.ts';
import { attemptStoreContract } from '../contracts/attempt-store-contract.ts';
import { forkStoreContract } from '../contracts/fork-store-contract.ts';
import { operationStoreContract } from '../contracts/operation-store-contract.ts';
import { pauseStoreContract } from '../contracts/pause-store-contract.ts';
import { peopleStoreContract } from '../contracts/people-store-contract.ts';
import { releaseStoreContract } from '../contracts/release-store-contract.ts';
import { newLab, storeContract } from '../contracts/store-contract.ts';
import { watchStoreContract } from '../contracts/watch-store-contract.ts';
import { startTestPostgres, type TestPostgres } from '../support/postgres.ts';
import { versionWith } from '../support/versions.ts';

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
    await pool.query('truncate labs, lab_events, sandboxes, idempotency_keys, evidence cascade');
    await pool.query('update living_labs set labs = 0');
    await pool.query('truncate classes cascade');
    return { ...createPostgresStore(pool), ...createReleaseStore(pool) };
  }
  const harness = { fresh, pass: (seconds: number) => delay(seconds * 1000) };
  storeContract(harness);
  attemptStoreContract(harness);
  forkStoreContract(harness);
  operationStoreContract(harness);
  pauseStoreContract(harness);
  watchStoreContract(harness);
  peopleStoreContract(harness);
  releaseStoreContract({
    ...harness,
    fresh: async () => {
      await pool.query('truncate staged_versions, releases, classes, template_versions cascade');
      const codec = { encode: () => Uint8Array.of(1), decode: () => versionWith('t', 'h') };
      return { ...(await fresh()), ...createReleaseStore(pool), ...createTemplateStore(pool, codec) };
    },
  });

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

  it('lets no more creates read the same count than it leaves room for', async () => {
    const store = await fresh();
    const quota = { perTrainee: 10, global: 9 };
    const blocker = await pool.connect();
    await blocker.query('begin; select from living_labs for update');
    const creates = Array.from({ length: 18 }, (_, n) =>
      store.createLab(newLab(`lab-${n}`, { quota, trainee: `t-${n}` })),
    );
    const results = Promise.allSettled(creates);
    // All of them are as far as they come: each has read the count, or waits until it may.
    await delay(500);
    await blocker.query('commit');
    blocker.release();
    expect((await results).filter((result) => result.status === 'fulfilled')).toHaveLength(9);
  });

  it('gives one lab for one key, also when the trainees differ', async () => {
    const store = await fresh();
    const idempotency = { caller: 'ines', key: 'k', bodyHash: 'b' };
    const all = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        store.createLab(newLab(`lab-${n}`, { idempotency, trainee: `t-${n}` })),
      ),
    );
    expect(new Set(all.map(({ lab }) => lab.id)).size).toBe(1);
  });

  it('counts living labs without counting rows, and puts a wrong count right before it refuses', async () => {
    const store = await fresh();
    const quota = { perTrainee: 100, global: 20 };
    for (let n = 0; n < 10; n++) await store.createLab(newLab(`lab-${n}`, { quota }));
    for (let n = 0; n < 5; n++) await store.transition(`lab-${n}`, 1, { phase: 'terminated' }, []);
    await store.transition('lab-0', 2, { phase: 'terminated' }, []);
    const count = async () => (await pool.query('select sum(labs)::int as labs from living_labs')).rows;
    expect(await count()).toEqual([{ labs: 5 }]);
    await pool.query('update living_labs set labs = 1000');
    expect((await store.createLab(newLab('more', { quota }))).created).toBe(true);
    expect(await count()).toEqual([{ labs: 6 }]);
  });

  it('does again what a lost connection may have done, unless twice would be wrong', async () => {
    const store = await fresh();
    await store.createLab(newLab('lab-1'));
    const blocker = new pg.Client({ connectionString: String(pool.options.connectionString) });
    await blocker.connect();
    await blocker.query(`begin; select from labs where id = 'lab-1' for update`);
    const moves = Promise.all(
      [1, 2, 3, 4].map((n) => store.transition('lab-1', 1, { endDetail: `by ${n}` }, [])),
    );
    const append = store.appendEvents('lab-1', [{ type: 'lab.error', data: {} }]);
    const refusal = expect(append).rejects.toMatchObject({ code: 'database_unavailable' });
    await delay(200);
    await blocker.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'test'`,
    );
    await refusal;
    await blocker.query('commit');
    await blocker.end();
    expect((await moves).filter((move) => move !== null)).toHaveLength(1);
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
