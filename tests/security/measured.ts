/** How long work takes and how much memory, on a machine that may be busy with other things. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

export interface Measured<T> {
  readonly value: T;
  readonly ms: number;
  /** How much a thread that does nothing was late by meanwhile: the machine's doing, never the work's. */
  readonly lagMs: number;
  /** Resident memory at its highest, over what it was before. */
  readonly grownMiB: number;
}

const everyMs = 10;

/** Says hello; then, at the first word to it, by how many milliseconds all its wakings together were late. */
const idle = `
  const { parentPort } = require('node:worker_threads');
  let [late, last] = [0, performance.now()];
  const tick = () => {
    const now = performance.now();
    const over = now - last - ${everyMs};
    if (over > 5) late += over;
    last = now;
  };
  setInterval(tick, ${everyMs});
  parentPort.on('message', () => { tick(); parentPort.postMessage(late); });
  parentPort.postMessage('hello');`;

export async function measured<T>(work: () => Promise<T>): Promise<Measured<T>> {
  const worker = new Worker(idle, { eval: true });
  await once(worker, 'message');
  const before = process.memoryUsage.rss();
  let highest = before;
  const look = setInterval(() => {
    highest = Math.max(highest, process.memoryUsage.rss());
  }, everyMs);
  const start = performance.now();
  try {
    const value = await work();
    const ms = performance.now() - start;
    highest = Math.max(highest, process.memoryUsage.rss());
    const told = once(worker, 'message');
    worker.postMessage('how late?');
    const [lagMs] = (await told) as [number];
    return { value, ms, lagMs, grownMiB: (highest - before) / 2 ** 20 };
  } finally {
    clearInterval(look);
    await worker.terminate();
  }
}
