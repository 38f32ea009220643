/** A thread with a queue before it. */
import type { Outcome } from '../expression/outcome.ts';
import type { ExpressionBatch } from './judge.ts';
import { broken, drive, type JudgeLimits, startThread, type Thread } from './running-thread.ts';

/** One thread at a time, replaced when it had to be ended, and a queue before it. */
export interface Lane {
  run(batch: ExpressionBatch, signal: AbortSignal): Promise<readonly Outcome[]>;
  /** How many batches are being judged or wait for it. */
  waiting(): number;
  /** Ends the thread. What was running has been aborted before. */
  end(): Promise<void>;
}

export function createLane(limits: JudgeLimits): Lane {
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
