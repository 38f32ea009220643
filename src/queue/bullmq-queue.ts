/**
 * The doorbell on BullMQ, over PostgreSQL or Redis. A job says only "look at this key": nothing is kept in it, nothing
 * is delayed, and losing all of them loses nothing, because the sweep looks at every row that is due.
 *
 * Rings for a key that waits collapse into it; a ring during a run is kept and makes one more run
 * (`keepLastIfActive`). A custom job id would do the first and not the second.
 */
import type { Job, QueueOptions, WorkerOptions } from 'bullmq';
import type { Log } from '../lab/log.ts';
import type { LabQueue, WakeKey } from '../lab/ports.ts';
import { type Telemetry, untold } from '../lab/telemetry.ts';
import { within } from './within.ts';

/** What a BullMQ job carries. */
export interface Ring {
  readonly key: WakeKey;
  /** Where it was rung (`Telemetry.here`); absent: nothing was traced there. */
  readonly from?: string;
}

/** The part of BullMQ's queue that rings. */
export interface Ringer {
  add(
    name: string,
    data: Ring,
    options: { deduplication: { id: string; keepLastIfActive: true } },
  ): Promise<unknown>;
  getJobs(
    types: ['waiting'],
    start: number,
    end: number,
    asc: boolean,
  ): Promise<readonly Pick<Job<Ring>, 'timestamp'>[]>;
  getJobCounts(...states: ('waiting' | 'active')[]): Promise<Record<string, number>>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  close(): Promise<void>;
}

/** The part of BullMQ's worker that serves. */
export interface Server {
  on(event: 'error', listener: (error: Error) => void): unknown;
  close(force?: boolean): Promise<void>;
}

/** Where the rings are kept. */
export interface Backend {
  openQueue(name: string, options: Omit<QueueOptions, 'connection'>): Ringer;
  openWorker(
    name: string,
    serve: (job: Pick<Job<Ring>, 'data'>) => Promise<void>,
    options: Omit<WorkerOptions, 'connection'>,
  ): Server;
  close(): Promise<void>;
}

export interface BullmqQueueOptions {
  readonly backend:
    | { readonly kind: 'postgres'; readonly databaseUrl: string }
    | { readonly kind: 'redis'; readonly url: string };
  /** Handlers at a time in this process. */
  readonly concurrency: number;
  readonly log: Log;
  /** Joins what a ring sets off to where it was rung; absent: nobody listens. */
  readonly telemetry?: Telemetry;
}

const queueName = 'labwright-wake';
const ringTimeoutMs = 1_000;
/** Rings that the queue has not answered: more are not sent, so that a long outage neither slows nor fills us. */
const mostUnanswered = 200;

/**
 * A dead worker's rings are served by another after the lock (5 s) and a pass for stalled jobs (2 s). A job may stall
 * as often as workers die: it must not be given up.
 */
const workerOptions = {
  lockDuration: 5_000,
  stalledInterval: 2_000,
  maxStalledCount: 1_000_000,
  removeOnComplete: { count: 0 },
  removeOnFail: { count: 0 },
} as const;

/**
 * Brings the backend's own schema up to date and is ready to ring; it serves only when `onWake` is called, so a process
 * that only takes requests never does. Throws what PostgreSQL throws when it is not there; Redis may come later.
 */
export async function createBullmqQueue({
  backend: where,
  concurrency,
  log,
  telemetry = untold,
}: BullmqQueueOptions): Promise<LabQueue> {
  const backend =
    where.kind === 'postgres'
      ? await (await import('./postgres-backend.ts')).openPostgresBackend(where.databaseUrl, concurrency, log)
      : await (await import('./redis-backend.ts')).openRedisBackend(where.url);
  const troubled = (error: Error) => log.warn({ err: error, queue: where.kind }, 'the queue has trouble');
  const queue = backend.openQueue(queueName, {
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
    // Nobody reads BullMQ's own events.
    streams: { events: { maxLen: 100 } },
  });
  const hurry = new AbortController();
  let worker: Server | null = null;
  let closed = false;
  let ending: Promise<unknown> | null = null;
  const report = (error: Error) => {
    // BullMQ still listens a moment after it says that it is closed; that its server then goes is no news.
    if (ending === null) troubled(error);
  };
  queue.on('error', report);
  let unanswered = 0;

  async function ring(key: WakeKey): Promise<void> {
    if (unanswered >= mostUnanswered) throw new Error('the queue does not answer');
    unanswered++;
    try {
      const from = telemetry.here();
      await queue.add('wake', from === null ? { key } : { key, from }, {
        deduplication: { id: key, keepLastIfActive: true },
      });
    } finally {
      unanswered--;
    }
  }

  return {
    async wake(key) {
      if (closed) return;
      try {
        await within(ringTimeoutMs, ring(key));
      } catch (thrown) {
        log.warn({ key, err: thrown }, 'could not ring: the sweep finds the row when it is due');
      }
    },
    onWake(handler) {
      if (worker !== null || closed) throw new Error('a queue serves one handler');
      const serve = async ({ data: { key, from } }: Pick<Job<Ring>, 'data'>) => {
        const kind = key.slice(0, key.indexOf(':'));
        try {
          await telemetry.span('wake', { kind }, () => handler(key, hurry.signal), from ?? null);
        } catch (thrown) {
          // Not failed and not tried again by the queue: the row says when it is due.
          log.error({ key, err: thrown }, 'a handler failed');
        }
      };
      worker = backend.openWorker(queueName, serve, { ...workerOptions, concurrency });
      worker.on('error', report);
    },
    async depth() {
      const { waiting = 0, active = 0 } = await queue.getJobCounts('waiting', 'active');
      // The newest come first. In ascending order BullMQ 6.7 gives other slices from PostgreSQL than from Redis.
      const oldest = waiting === 0 ? [] : await queue.getJobs(['waiting'], waiting - 1, -1, false);
      const rung = oldest.map(({ timestamp }) => timestamp);
      const oldestSeconds = rung.length === 0 ? 0 : Math.max(0, (Date.now() - Math.min(...rung)) / 1000);
      return { waiting, active, oldestSeconds };
    },
    async close(graceMs) {
      closed = true;
      if (worker !== null) await drain(worker, graceMs, hurry);
      hurry.abort();
      // Closed again, by whoever cannot wait for the first: the draining is cut short, the rest is done once.
      ending ??= within(ringTimeoutMs, Promise.all([queue.close(), backend.close()])).catch(troubled);
      await ending;
    },
  };
}

/** Waits for running handlers, then aborts them and waits a second more; what still runs then is left to itself. */
async function drain(worker: Server, graceMs: number, hurry: AbortController): Promise<void> {
  const done = worker.close();
  try {
    await within(graceMs, done);
  } catch {
    hurry.abort();
    // Even a forced close waits for a server that is away; the process goes on without it.
    await within(ringTimeoutMs, done).catch(() =>
      within(ringTimeoutMs, worker.close(true)).catch(() => undefined),
    );
  }
}
