/** From a durable row and its ring to a handler, against BullMQ alone on the same server. */
import { createPostgresBackend, isPgPool, runMigrations, withBackend } from 'bullmq';
import pg from 'pg';
import { createBullmqQueue } from '../../../src/queue/bullmq-queue.ts';
import { migrate } from '../../../src/store/migrate.ts';
import { createPool } from '../../../src/store/pool.ts';
import { createPostgresStore } from '../../../src/store/postgres-store.ts';
import type { Bench } from '../bench.ts';
import { silent } from '../driver.ts';
import { type Effort, interleave, type Series } from '../measure.ts';
import type { World } from '../world.ts';

const concurrency = 4;
/** Who add at the same time when the rate is measured. */
const adders = 16;
const windowMs = 1_500;

interface Side {
  /** Adds one; with a worker it resolves when that has it. */
  one(serve: boolean): Promise<void>;
}

export const pickup: Bench = {
  row: 8,
  name: 'pickup',
  async run(world) {
    const [ours, floor] = [await openOurs(world, true), await openFloor(world, true)];
    const { signal } = world;
    const waits = await interleave(
      { ours: effort(() => ours.one(true)), floor: effort(() => floor.one(true)) },
      { samples: world.samples(200, 40), warmups: 10, signal },
    );
    const [adds, rawAdds] = [await openOurs(world, false), await openFloor(world, false)];
    const rates: { ours: Series; floor: Series } = await interleave(
      { ours: () => rateOf(() => adds.one(false)), floor: () => rateOf(() => rawAdds.one(false)) },
      { samples: world.samples(6, 2), signal },
    );
    return [
      {
        what: 'row and ring to handler',
        unit: 'ms',
        ...waits,
        target: { kind: 'over', atMost: 5 },
        note: 'floor: Queue.add to the processor, BullMQ with its defaults on the same server; ours also commits the lab to disk',
      },
      {
        what: `accepted a second, ${adders} at once`,
        unit: '/s',
        ...rates,
        target: { kind: 'rate', atLeast: 0.7 },
        note: 'no worker: rows and rings of ours against adds of the floor',
      },
    ];
  },
};

function effort(work: () => Promise<void>): Effort {
  return async () => {
    await work();
    return undefined;
  };
}

async function rateOf(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  let done = 0;
  const adder = async () => {
    while (performance.now() - start < windowMs) {
      await work();
      done++;
    }
  };
  await Promise.all(Array.from({ length: adders }, adder));
  return (done * 1000) / (performance.now() - start);
}

async function openOurs(world: World, serve: boolean): Promise<Side> {
  const databaseUrl = await world.controlDatabase(`pickup_ours_${serve}`);
  await migrate(databaseUrl, silent);
  const pool = createPool({ databaseUrl, max: 8 + concurrency, name: 'bench' }, silent);
  world.defer('a pool', () => pool.end());
  const store = createPostgresStore(pool);
  const queue = await createBullmqQueue({
    backend: { kind: 'postgres', databaseUrl },
    concurrency,
    log: silent,
  });
  world.defer('a queue', () => queue.close(0));
  const served = new Map<string, () => void>();
  if (serve) {
    queue.onWake(async (key) => {
      served.get(key)?.();
    });
  }
  let made = 0;
  return {
    async one(wait) {
      const id = `lab-${made++}`;
      const done = new Promise<void>((resolve) => served.set(`lab:${id}`, resolve));
      await store.createLab({
        id,
        trainee: id,
        templateId: 'bench',
        templateHash: 'hash',
        backend: 'process',
        seed: 'seed',
        ttlSeconds: 3600,
        maxSeconds: 3600,
        idempotency: null,
        quota: { perTrainee: 3, global: 100_000_000 },
      });
      await queue.wake(`lab:${id}`);
      if (wait) await done;
      served.delete(`lab:${id}`);
    },
  };
}

async function openFloor(world: World, serve: boolean): Promise<Side> {
  const pool = new pg.Pool({
    connectionString: await world.controlDatabase(`pickup_floor_${serve}`),
    max: 8 + concurrency,
    // Where BullMQ looks for its tables.
    options: '-c search_path=bullmq',
  });
  world.defer('a pool', () => pool.end());
  pool.on('error', () => {});
  const client = await pool.connect();
  await runMigrations(client, 'bullmq').finally(() => client.release());
  const connection: unknown = pool;
  if (!isPgPool(connection)) throw new Error('BullMQ does not take this pool');
  const { Queue, Worker } = withBackend(createPostgresBackend);
  const queue = new Queue<{ key: string }>('raw', {
    connection,
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
  });
  world.defer('a queue', () => queue.close());
  const served = new Map<string, () => void>();
  if (serve) {
    const worker = new Worker<{ key: string }, void>('raw', async (job) => served.get(job.data.key)?.(), {
      connection,
      concurrency,
    });
    world.defer('a worker', () => worker.close(true));
    await worker.waitUntilReady();
  }
  let made = 0;
  return {
    async one(wait) {
      const key = String(made++);
      const done = new Promise<void>((resolve) => served.set(key, resolve));
      await queue.add('wake', { key });
      if (wait) await done;
      served.delete(key);
    },
  };
}
