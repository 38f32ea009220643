import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPool } from '../../src/store/pool.ts';
import { startTestPostgres } from '../support/postgres.ts';

let server: Awaited<ReturnType<typeof startTestPostgres>>;
beforeAll(async () => {
  server = await startTestPostgres();
});
afterAll(() => server.stop());

it('survives connections that are closed under it, idle or in use', async () => {
  const warnings: string[] = [];
  const log = {
    debug() {},
    info() {},
    error() {},
    warn: (_: object, message: string) => void warnings.push(message),
  };
  const databaseUrl = await server.createDatabase();
  const pool = createPool({ databaseUrl, max: 3, name: 'under-test' }, log);
  const killer = createPool({ databaseUrl, max: 1, name: 'killer' }, log);
  try {
    const used = await pool.connect();
    await pool.query('select 1');
    await killer.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'under-test'`,
    );
    await expect.poll(() => warnings.length).toBeGreaterThanOrEqual(2);
    // One connection may be lost in two steps: wait for the idle one itself.
    await expect.poll(() => pool.idleCount).toBe(0);
    await expect(used.query('select 1')).rejects.toThrow();
    used.release(true);
    expect((await pool.query<{ n: number }>('select 1 as n')).rows).toEqual([{ n: 1 }]);
    // One that is cut while it is being closed is no news.
    const last = await pool.connect();
    warnings.length = 0;
    const ended = pool.end();
    const cut = new Promise((resolve) => last.once('end', resolve));
    await killer.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'under-test'`,
    );
    await cut;
    last.release(true);
    await ended;
    expect(warnings).toEqual([]);
  } finally {
    if (!pool.ending) await pool.end();
    await killer.end();
  }
});
