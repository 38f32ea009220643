import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type BullmqQueueOptions, createBullmqQueue } from '../../src/queue/bullmq-queue.ts';
import { queueContract } from '../contracts/queue-contract.ts';
import { startTestPostgres, type TestPostgres } from '../support/postgres.ts';
import { redisProgram, startTestRedis, type TestRedis } from './redis.ts';
import { spawnServer } from './spawn-server.ts';

type Where = BullmqQueueOptions['backend'];

const log = { debug() {}, info() {}, warn() {}, error() {} };

function suite(fresh: () => Promise<Where>): void {
  const open = (backend: Where) => createBullmqQueue({ backend, concurrency: 4, log });
  queueContract(async () => open(await fresh()));

  it('is closed twice without a complaint', async () => {
    const warn = vi.fn();
    const queue = await createBullmqQueue({ backend: await fresh(), concurrency: 1, log: { ...log, warn } });
    queue.onWake(async () => {});
    await Promise.all([queue.close(1_000), queue.close(0)]);
    expect(warn).not.toHaveBeenCalled();
  });

  it('serves in one process what another rang', async () => {
    const backend = await fresh();
    const [ringer, server] = [await open(backend), await open(backend)];
    const served: string[] = [];
    server.onWake(async (key) => {
      served.push(key);
    });
    await ringer.wake('lab:1');
    await vi.waitFor(() => expect(served).toEqual(['lab:1']), 5_000);
    await Promise.all([ringer.close(0), server.close(0)]);
  });

  it('serves within 10 s what a killed worker held, and the rings that came meanwhile', async () => {
    const backend = await fresh();
    const doomed = await spawnServer(backend);
    const queue = await open(backend);
    await queue.wake('lab:1');
    expect(await doomed.nextLine()).toBe('serving lab:1');
    doomed.kill();
    await queue.wake('lab:1');
    const killed = performance.now();
    const served: string[] = [];
    queue.onWake(async (key) => {
      served.push(key);
    });
    await vi.waitFor(() => expect(served).toContain('lab:1'), { timeout: 10_000, interval: 20 });
    expect(performance.now() - killed).toBeLessThan(10_000);
    await queue.close(0);
  });
}

describe('BullMQ on PostgreSQL', () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startTestPostgres();
  });
  afterAll(() => server.stop());

  suite(async () => ({ kind: 'postgres', databaseUrl: await server.createDatabase() }));

  it('migrates once when replicas start at once', async () => {
    const backend: Where = { kind: 'postgres', databaseUrl: await server.createDatabase() };
    const queues = await Promise.all(
      [1, 2, 3].map(() => createBullmqQueue({ backend, concurrency: 1, log })),
    );
    await Promise.all(queues.map((queue) => queue.close(0)));
  });

  it('goes on after its connections were cut', async () => {
    const databaseUrl = await server.createDatabase();
    const queue = await createBullmqQueue({
      backend: { kind: 'postgres', databaseUrl },
      concurrency: 2,
      log,
    });
    const served: string[] = [];
    queue.onWake(async (key) => {
      served.push(key);
    });
    await queue.wake('lab:1');
    await vi.waitFor(() => expect(served).toEqual(['lab:1']), 5_000);
    const name = new URL(databaseUrl).pathname.slice(1);
    const { default: pg } = await import('pg');
    const admin = new pg.Client({ connectionString: server.adminUrl });
    await admin.connect();
    await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
    await admin.end();
    await vi.waitFor(
      async () => {
        await queue.wake('lab:2');
        expect(served).toContain('lab:2');
      },
      { timeout: 10_000, interval: 200 },
    );
    await queue.close(0);
  });
});

// Loud, not silent: a run without Redis names what it did not prove.
describe.skipIf(redisProgram() === null)('BullMQ on Redis (needs the program redis-server)', () => {
  let server: TestRedis;
  beforeAll(async () => {
    server = await startTestRedis();
  });
  afterAll(() => server.stop());

  suite(async () => {
    await server.flush();
    return { kind: 'redis', url: server.url };
  });

  it.each([
    ['everything was forgotten', () => server.flush()],
    ['Redis died and came back empty', () => server.restart(300)],
  ])('serves again after %s, with a ring in work and one waiting', async (_, trouble) => {
    await server.flush();
    const backend: Where = { kind: 'redis', url: server.url };
    const queue = await createBullmqQueue({ backend, concurrency: 1, log });
    const served: string[] = [];
    queue.onWake(async (key) => {
      served.push(key);
      if (served.length === 1) await delay(500);
    });
    await queue.wake('lab:1');
    await queue.wake('lab:2');
    await vi.waitFor(() => expect(served).toEqual(['lab:1']), 5_000);
    await trouble();
    await vi.waitFor(
      async () => {
        await queue.wake('lab:3');
        await queue.wake('lab:1');
        expect(served).toContain('lab:3');
        expect(served.filter((key) => key === 'lab:1').length).toBeGreaterThan(1);
      },
      { timeout: 15_000, interval: 200 },
    );
    await queue.close(0);
  });

  it('rings softly while Redis is away: within a second, without an error', async () => {
    const warnings: string[] = [];
    const noisy = { ...log, warn: (_: object, message: string) => warnings.push(message) };
    const away: Where = { kind: 'redis', url: 'redis://127.0.0.1:1' };
    const queue = await createBullmqQueue({ backend: away, concurrency: 1, log: noisy });
    const started = performance.now();
    await queue.wake('lab:1');
    expect(performance.now() - started).toBeLessThan(1_300);
    expect(warnings).toContainEqual(expect.stringContaining('could not ring'));
    await Promise.all(Array.from({ length: 200 }, (_, n) => queue.wake(`lab:${n}`)));
    const jammed = performance.now();
    await queue.wake('lab:1');
    expect(performance.now() - jammed).toBeLessThan(500);
    await queue.close(0);
    await delay(50);
  });
});
