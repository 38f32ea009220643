/** What crosses between the judge and its thread. */
import type { Outcome } from '../expression/outcome.ts';
import type { ExpressionBatch } from './judge.ts';

export type ToThread = ExpressionBatch;

/** Sent once when the thread is up, and then for each expression as it is done, in order. */
export interface FromThread {
  readonly outcome: Outcome | null;
  /** What the thread has used of the processor since it started, in microseconds. */
  readonly cpuMicros: number;
}
