import { afterEach, describe, expect, it } from 'vitest';
import { defaultPolicy } from '../../src/lab/policy.ts';
import type { WakeKey } from '../../src/lab/ports.ts';
import { realClock } from '../../src/lab/real-clock.ts';
import { startWorker, type Worker, type WorkerDeps } from '../../src/lab/worker.ts';
import { createMemoryQueue } from '../fakes/memory-queue.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { noExports } from '../fakes/no-exports.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const never = 3_600_000;

/** A worker that does only what it is rung for, with the leases that it asked for. */
function work(more: Partial<WorkerDeps>) {
  const store = createMemoryStore({ now: () => new Date() });
  const due: WakeKey[] = [];
  const held: { readonly key: WakeKey; readonly seconds: number }[] = [];
  const labs = {
    ...store,
    claimDue: async () => due.splice(0),
    holdDue: async (key: WakeKey, seconds: number) => void held.push({ key, seconds }),
  };
  const queue = createMemoryQueue({ auto: true });
  const worker = startWorker({
    labs,
    templateStore: store,
    drivers: new Map(),
    queue,
    surveyor: { survey: async () => ({}) },
    exporter: noExports,
    policy: defaultPolicy,
    clock: realClock,
    ids: { lab: String, sandbox: String, attempt: String, seed: String, help: String },
    log: silent,
    draw: () => ({}),
    stock: { keep: async () => {}, failed: () => {} },
    templates: { list: async () => [], load: async () => null, problems: async () => [] },
    runAttempt: async () => {},
    runOperation: async () => {},
    watchLab: async () => {},
    every: { sweepMs: never, reapMs: never, stockMs: never, pruneMs: never },
    ...more,
  });
  started.push(worker);
  /** The row of it is due, and somebody rings for it. */
  const ring = async (key: WakeKey) => {
    due.push(key);
    await queue.wake(key);
  };
  return { queue, worker, held, ring };
}

const started: Worker[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((worker) => worker.stop(0)));
});

const until = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

describe('a worker', () => {
  it('takes no place in the queue for what goes on for long', async () => {
    const w = work({ watchLab: (_, signal) => until(signal), runOperation: (_, { soon }) => until(soon) });
    await w.ring('watch:lab-1');
    await w.ring('operation:lab-1/fault/f');
    await expect.poll(() => w.queue.depth()).toMatchObject({ waiting: 0, active: 0 });
  });

  it('begins none of it for a ring alone: who holds the row has it', async () => {
    let begun = 0;
    const w = work({ watchLab: async () => void begun++, runOperation: async () => void begun++ });
    await w.queue.wake('watch:lab-1');
    await w.queue.wake('operation:lab-1/fault/f');
    await expect.poll(() => w.queue.depth()).toMatchObject({ waiting: 0, active: 0 });
    expect(begun).toBe(0);
    await w.ring('watch:lab-1');
    await expect.poll(() => begun).toBe(1);
  });

  it('hands its watches back at once when it stops: they are due now', async () => {
    const seen: string[] = [];
    const w = work({
      watchLab: async (id, signal) => {
        seen.push(id);
        await until(signal);
        // What it writes last takes a moment; until then it is still its own.
        expect(w.held.some(({ seconds }) => seconds === 0)).toBe(false);
      },
    });
    await w.ring('watch:lab-1');
    await expect.poll(() => seen).toEqual(['lab-1']);
    const asked = performance.now();
    await w.worker.stop(5_000);
    expect(performance.now() - asked).toBeLessThan(500);
    expect(w.held.at(-1)).toEqual({ key: 'watch:lab-1', seconds: 0 });
  });

  it('lets a step of an operation end in its grace, and then no longer', async () => {
    let said: 'soon' | 'now' | null = null;
    const w = work({
      runOperation: async (_, { soon, now }) => {
        await until(soon);
        said = 'soon';
        await until(now);
        said = 'now';
      },
    });
    await w.ring('operation:lab-1/fault/f');
    await expect.poll(() => w.queue.waiting()).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const stopped = w.worker.stop(300);
    await expect.poll(() => said).toBe('soon');
    await stopped;
    expect(said).toBe('now');
    expect(w.held.at(-1)).toEqual({ key: 'operation:lab-1/fault/f', seconds: 0 });
  });

  it('holds what it does for long, and asks for no more when it is done', async () => {
    let end = () => {};
    const w = work({
      policy: { ...defaultPolicy, leaseSeconds: 0.1 },
      runOperation: () =>
        new Promise<void>((resolve) => {
          end = resolve;
        }),
    });
    await w.ring('operation:lab-1/fault/f');
    await expect.poll(() => w.held.length).toBeGreaterThan(2);
    end();
    await new Promise((resolve) => setTimeout(resolve, 60));
    const asked = w.held.length;
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(w.held.length).toBe(asked);
  });
});
