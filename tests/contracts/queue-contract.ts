/** What every LabQueue promises. Run by the in-memory one and by BullMQ's on PostgreSQL and Redis. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LabQueue, WakeKey } from '../../src/lab/ports.ts';

/** A queue of its own with nothing in it. */
export type OpenQueue = () => Promise<LabQueue>;

const soon = { timeout: 5_000, interval: 5 };

export function queueContract(open: OpenQueue): void {
  describe('as a LabQueue', () => {
    let queue: LabQueue;
    let served: WakeKey[];
    /** Handlers wait here until they are let go. */
    let gates: (() => void)[];
    const gated = async (key: WakeKey) => {
      served.push(key);
      await new Promise<void>((go) => gates.push(go));
    };
    const letGo = () => {
      for (const go of gates.splice(0)) go();
    };

    beforeEach(async () => {
      queue = await open();
      served = [];
      gates = [];
    });
    afterEach(async () => {
      letGo();
      await queue.close(0);
    });

    it('serves a ring, also one from before anybody listened', async () => {
      await queue.wake('lab:early');
      queue.onWake(async (key) => {
        served.push(key);
      });
      await queue.wake('sandbox:late');
      await vi.waitFor(() => expect(served.toSorted()).toEqual(['lab:early', 'sandbox:late']), soon);
    });

    it('makes one run of many rings that wait', async () => {
      await Promise.all(Array.from({ length: 20 }, () => queue.wake('lab:1')));
      queue.onWake(async (key) => {
        served.push(key);
      });
      await vi.waitFor(() => expect(served).toEqual(['lab:1']), soon);
      await delay(200);
      expect(served).toEqual(['lab:1']);
      expect(await queue.depth()).toEqual({ waiting: 0, active: 0, oldestSeconds: 0 });
    });

    it('makes one more run of any number of rings during a run, and not beside it', async () => {
      queue.onWake(gated);
      await queue.wake('lab:1');
      await vi.waitFor(() => expect(served).toHaveLength(1), soon);
      for (let n = 0; n < 5; n++) await queue.wake('lab:1');
      await delay(200);
      expect(served).toHaveLength(1);
      letGo();
      await vi.waitFor(() => expect(served).toHaveLength(2), soon);
      letGo();
      await delay(200);
      expect(served).toHaveLength(2);
      await queue.wake('lab:1');
      await vi.waitFor(() => expect(served).toHaveLength(3), soon);
    });

    it('says how long the ring waits that has waited longest', async () => {
      expect(await queue.depth()).toEqual({ waiting: 0, active: 0, oldestSeconds: 0 });
      await queue.wake('lab:1');
      await delay(300);
      await queue.wake('lab:2');
      const { waiting, oldestSeconds } = await queue.depth();
      expect(waiting).toBe(2);
      expect(oldestSeconds).toBeGreaterThan(0.25);
      queue.onWake(async () => {});
      await expect.poll(() => queue.depth()).toEqual({ waiting: 0, active: 0, oldestSeconds: 0 });
    });

    it('serves other keys meanwhile', async () => {
      queue.onWake(gated);
      await queue.wake('lab:1');
      await queue.wake('lab:2');
      await vi.waitFor(() => expect(served.toSorted()).toEqual(['lab:1', 'lab:2']), soon);
      expect(await queue.depth()).toMatchObject({ active: 2 });
    });

    it('goes on after a handler that throws, and does not run it again by itself', async () => {
      queue.onWake(async (key) => {
        served.push(key);
        throw new Error('a bug');
      });
      await queue.wake('lab:1');
      await vi.waitFor(() => expect(served).toHaveLength(1), soon);
      await delay(200);
      expect(served).toHaveLength(1);
      await queue.wake('lab:1');
      await vi.waitFor(() => expect(served).toHaveLength(2), soon);
    });

    it('waits for running handlers when it closes, and takes no more', async () => {
      queue.onWake(gated);
      await queue.wake('lab:1');
      await vi.waitFor(() => expect(served).toHaveLength(1), soon);
      let closed = false;
      const closing = queue.close(3_000).then(() => {
        closed = true;
      });
      await delay(150);
      expect(closed).toBe(false);
      await queue.wake('lab:2');
      letGo();
      await closing;
      expect(served).toEqual(['lab:1']);
    });

    it('is closed in a hurry by closing it again', async () => {
      queue.onWake(async (_, signal) => {
        served.push('lab:1');
        await delay(60_000, undefined, { signal }).catch(() => {});
      });
      await queue.wake('lab:1');
      await vi.waitFor(() => expect(served).toHaveLength(1), soon);
      const started = performance.now();
      await Promise.all([queue.close(20_000), queue.close(0)]);
      expect(performance.now() - started).toBeLessThan(5_000);
    });

    it('aborts handlers that take longer than the grace', async () => {
      let reason: unknown = null;
      queue.onWake(async (_, signal) => {
        served.push('lab:1');
        await delay(60_000, undefined, { signal }).catch((thrown) => {
          reason = thrown;
        });
      });
      await queue.wake('lab:1');
      await vi.waitFor(() => expect(served).toHaveLength(1), soon);
      const started = performance.now();
      await queue.close(100);
      expect(performance.now() - started).toBeLessThan(3_000);
      expect(reason).toMatchObject({ name: 'AbortError' });
    });
  });
}
