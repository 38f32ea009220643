/**
 * Expressions run in threads of their own, because CEL cannot be interrupted: two loops over a trainee's 100,000 rows
 * would hold the whole server. On expiry the thread is ended (3 ms) and the next expression gets a new one.
 */
import type { Outcome } from '../expression/outcome.ts';
import type { ExpressionBatch } from './judge.ts';
import { createLane, type Lane } from './lane.ts';
import type { JudgeLimits } from './running-thread.ts';

const defaultLimits: JudgeLimits = { expressionMs: 500, memoryMb: 256, threads: 2 };

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
