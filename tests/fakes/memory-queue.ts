/**
 * The doorbell without a server, stepped by hand: a ring waits until `runNext` serves it. With `auto` it serves itself
 * as soon as it can, as a real queue does.
 */
import type { LabQueue, WakeKey } from '../../src/lab/ports.ts';

type Handler = (key: WakeKey, signal: AbortSignal) => Promise<void>;

export interface MemoryQueue extends LabQueue {
  /** Serves the ring that has waited longest and whose key is not being served; false when there is none. */
  runNext(): Promise<boolean>;
  /** Keys with a ring that waits, in order. */
  waiting(): readonly WakeKey[];
  /** Loses every ring that waits, as a flushed queue would. */
  lose(): void;
}

export function createMemoryQueue(options: { readonly auto?: boolean } = {}): MemoryQueue {
  /** With the time of the first ring. */
  const rings = new Map<WakeKey, number>();
  const active = new Map<WakeKey, Promise<void>>();
  const abort = new AbortController();
  let handler: Handler | null = null;
  let closed = false;

  async function serve(serving: Handler, key: WakeKey): Promise<void> {
    await Promise.resolve();
    try {
      await serving(key, abort.signal);
    } catch {
      // The row is the truth: what was not done is still due, and the sweep finds it.
    }
    active.delete(key);
    pump();
  }

  function takeNext(): Promise<void> | null {
    if (handler === null || closed) return null;
    for (const key of rings.keys()) {
      if (active.has(key)) continue;
      rings.delete(key);
      const run = serve(handler, key);
      active.set(key, run);
      return run;
    }
    return null;
  }

  function pump(): void {
    while (options.auto && takeNext() !== null);
  }

  return {
    async wake(key) {
      await Promise.resolve();
      if (closed) return;
      if (!rings.has(key)) rings.set(key, performance.now());
      pump();
    },
    onWake(serving) {
      handler = serving;
      pump();
    },
    async depth() {
      await Promise.resolve();
      const [first] = rings.values();
      const oldestSeconds = first === undefined ? 0 : (performance.now() - first) / 1000;
      return { waiting: rings.size, active: active.size, oldestSeconds };
    },
    async close(graceMs) {
      closed = true;
      const done = Promise.all(active.values());
      const timer = setTimeout(() => abort.abort(), graceMs);
      await done;
      clearTimeout(timer);
    },
    async runNext() {
      const run = takeNext();
      await run;
      return run !== null;
    },
    waiting: () => [...rings.keys()],
    lose: () => rings.clear(),
  };
}
