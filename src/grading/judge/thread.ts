/**
 * Expressions run in threads of their own, because CEL cannot be interrupted: two loops over a trainee's 100,000 rows
 * would hold the whole server. On expiry the thread is ended (3 ms) and the next expression gets a new one.
 */
import { Worker } from 'node:worker_threads';
import type { Outcome } from '../expression/outcome.ts';
import type { ExpressionBatch } from './judge.ts';
import type { FromThread, ToThread } from './messages.ts';

export interface JudgeLimits {
  /** Of the thread's own processor time, for one expression: a busy machine must not fail a trainee. */
  readonly expressionMs: number;
  readonly memoryMb: number;
  readonly threads: number;
}

const defaultLimits: JudgeLimits = { expressionMs: 500, memoryMb: 256, threads: 2 };
/** After so many times its deadline on the wall clock an expression is given up, as our fault. */
const STARVED_AFTER = 20;
const START_MS = 10_000;

export interface Judge {
  /** One outcome for each source, in order; what breaks a thread is an outcome too. Rejects on abort, and once closed. */
  evaluate(batch: ExpressionBatch, signal: AbortSignal): Promise<readonly Outcome[]>;
  /** Ends the threads; what is being judged rejects. */
  close(): Promise<void>;
}

/** Threads start with the first expression and do not keep the process alive while idle. */
export function createJudge(limits: Partial<JudgeLimits> = {}): Judge {
  const all = { ...defaultLimits, ...limits };
  const closing = new AbortController();
  const lanes: Lane[] = [];

  /** The first idle one, so that a second thread starts only when two checks are judged at once. */
  function nextLane(): Lane {
    const idle = lanes.find((lane) => lane.waiting() === 0);
    if (idle !== undefined) return idle;
    const [shortest] = [...lanes].sort((a, b) => a.waiting() - b.waiting());
    if (shortest !== undefined && lanes.length >= all.threads) return shortest;
    const lane = createLane(all);
    lanes.push(lane);
    return lane;
  }

  return {
    async evaluate(batch, signal) {
      const until = AbortSignal.any([signal, closing.signal]);
      until.throwIfAborted();
      return nextLane().run(batch, until);
    },
    async close() {
      closing.abort(new Error('the judge is closed'));
      await Promise.all(lanes.map((lane) => lane.end()));
    },
  };
}

/** One thread at a time, replaced when it had to be ended, and a queue before it. */
interface Lane {
  run(batch: ExpressionBatch, signal: AbortSignal): Promise<readonly Outcome[]>;
  /** How many batches are being judged or wait for it. */
  waiting(): number;
  /** Ends the thread. What was running has been aborted before. */
  end(): Promise<void>;
}

interface Thread {
  readonly worker: Worker;
  cpuMicros: number;
  gone: boolean;
}

function createLane(limits: JudgeLimits): Lane {
  let thread: Thread | null = null;
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();

  async function endThread(): Promise<void> {
    const ended = thread;
    thread = null;
    await ended?.worker.terminate();
  }

  async function work({ sources, scope }: ExpressionBatch, signal: AbortSignal): Promise<readonly Outcome[]> {
    const outcomes: Outcome[] = [];
    while (outcomes.length < sources.length) {
      signal.throwIfAborted();
      const rest = { sources: sources.slice(outcomes.length), scope };
      let lost: Outcome | null;
      try {
        if (thread === null || thread.gone) thread = await startThread(limits);
        lost = await drive(thread, rest, limits, signal, (outcome) => outcomes.push(outcome));
      } catch (error) {
        return sources.map((_, at) => outcomes[at] ?? broken(error));
      }
      if (lost === null) break;
      await endThread();
      signal.throwIfAborted();
      outcomes.push(lost);
    }
    return outcomes;
  }

  return {
    run(batch, signal) {
      waiting += 1;
      const done = last
        .then(() => work(batch, signal))
        .finally(() => {
          waiting -= 1;
        });
      last = done.catch(() => {});
      return done;
    },
    waiting: () => waiting,
    async end() {
      await last;
      await endThread();
    },
  };
}

async function startThread(limits: JudgeLimits): Promise<Thread> {
  const worker = new Worker(new URL('./thread-worker.ts', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: limits.memoryMb, maxYoungGenerationSizeMb: 32 },
    env: {},
    execArgv: [],
  });
  const { promise, resolve, reject } = Promise.withResolvers<Thread>();
  const timer = setTimeout(() => reject(new Error('the judge thread did not start in time')), START_MS);
  const onExit = (): void => reject(new Error('the judge thread ended while it started'));
  worker.once('message', ({ cpuMicros }: FromThread) => resolve({ worker, cpuMicros, gone: false }));
  worker.once('error', reject);
  worker.once('exit', onExit);
  try {
    const thread = await promise;
    worker.off('error', reject);
    worker.off('exit', onExit);
    worker.on('exit', () => {
      thread.gone = true;
    });
    // An error that comes when nobody waits any more would end the process.
    worker.on('error', () => {});
    worker.unref();
    return thread;
  } catch (error) {
    await worker.terminate();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Has the thread work the batch off. Null when it is done; otherwise what became of the expression at which the thread
 * was lost. The thread must be ended then. Throws for values that cannot be cloned, which no observer may give.
 */
function drive(
  thread: Thread,
  batch: ToThread,
  limits: JudgeLimits,
  signal: AbortSignal,
  take: (outcome: Outcome) => void,
): Promise<Outcome | null> {
  const { worker } = thread;
  const { promise, resolve } = Promise.withResolvers<Outcome | null>();
  // First, so that a batch that cannot be cloned throws here. Answers cannot come before the next turn.
  worker.postMessage(batch);
  let left = batch.sources.length;
  let begun = performance.now();
  let timer = setTimeout(expire, limits.expressionMs);

  function onMessage({ outcome, cpuMicros }: FromThread): void {
    thread.cpuMicros = cpuMicros;
    if (outcome === null) return;
    take(outcome);
    left -= 1;
    if (left === 0) {
      resolve(null);
      return;
    }
    clearTimeout(timer);
    begun = performance.now();
    timer = setTimeout(expire, limits.expressionMs);
  }

  async function expire(): Promise<void> {
    const expected = left;
    const used = await usedMs(thread);
    // While that was found out the expression may have come to its end.
    if (left !== expected || left === 0) return;
    const waited = performance.now() - begun;
    if (used >= limits.expressionMs) return resolve({ kind: 'stopped', because: 'time' });
    if (waited >= limits.expressionMs * STARVED_AFTER)
      return resolve(broken('the judge thread got no processor time'));
    timer = setTimeout(expire, Math.max(5, limits.expressionMs - used));
  }

  const onError = (error: unknown): void => resolve(lostBy(error));
  const onExit = (): void => resolve(broken('the judge thread ended'));
  const onAbort = (): void => resolve(broken('aborted'));

  worker.ref();
  worker.on('message', onMessage);
  worker.on('error', onError);
  worker.on('exit', onExit);
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  return promise.finally(() => {
    clearTimeout(timer);
    worker.off('message', onMessage);
    worker.off('error', onError);
    worker.off('exit', onExit);
    signal.removeEventListener('abort', onAbort);
    worker.unref();
  });
}

/** Processor time of the thread since it last reported; the call reaches a thread that is in a loop. */
async function usedMs({ worker, cpuMicros }: Thread): Promise<number> {
  try {
    const { user, system } = await worker.cpuUsage();
    return (user + system - cpuMicros) / 1000;
  } catch {
    // It is gone: `exit` or `error` says why.
    return 0;
  }
}

function lostBy(error: unknown): Outcome {
  const outOfMemory = error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
  return outOfMemory ? { kind: 'stopped', because: 'memory' } : broken(error);
}

function broken(error: unknown): Outcome {
  return { kind: 'broken', internal: error instanceof Error ? error.message : String(error) };
}
