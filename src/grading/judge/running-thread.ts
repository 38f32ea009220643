/** One thread that runs expressions: starting it, and having it work a batch off within the limits. */
import { Worker } from 'node:worker_threads';
import type { Outcome } from '../expression/outcome.ts';
import type { FromThread, ToThread } from './messages.ts';

export interface JudgeLimits {
  /** Of the thread's own processor time, for one expression: a busy machine must not fail a trainee. */
  readonly expressionMs: number;
  readonly memoryMb: number;
  readonly threads: number;
}

/** After so many times its deadline on the wall clock an expression is given up, as our fault. */
const STARVED_AFTER = 20;
const START_MS = 10_000;

export interface Thread {
  readonly worker: Worker;
  cpuMicros: number;
  gone: boolean;
}

/** Throws when it does not come up within 10 s. */
export async function startThread(limits: JudgeLimits): Promise<Thread> {
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
export function drive(
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

export function broken(error: unknown): Outcome {
  return { kind: 'broken', internal: error instanceof Error ? error.message : String(error) };
}
