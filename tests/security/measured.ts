/** How long work takes and how much memory, on a machine that may be busy with other things. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface Measured<T> {
  readonly value: T;
  readonly ms: number;
  /** The longest that this thread was kept from running meanwhile: the machine's doing, or the work's. */
  readonly lagMs: number;
  /** Resident memory at its highest, over what it was before. */
  readonly grownMiB: number;
}

const everyMs = 10;

export async function measured<T>(work: () => Promise<T>): Promise<Measured<T>> {
  const before = process.memoryUsage.rss();
  let highest = before;
  const look = setInterval(() => {
    highest = Math.max(highest, process.memoryUsage.rss());
  }, everyMs);
  const delays = monitorEventLoopDelay({ resolution: everyMs });
  delays.enable();
  const start = performance.now();
  try {
    const value = await work();
    const ms = performance.now() - start;
    highest = Math.max(highest, process.memoryUsage.rss());
    return { value, ms, lagMs: delays.max / 1e6, grownMiB: (highest - before) / 2 ** 20 };
  } finally {
    delays.disable();
    clearInterval(look);
  }
}
