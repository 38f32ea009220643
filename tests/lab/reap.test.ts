import { describe, expect, it } from 'vitest';
import { reap } from '../../src/lab/reap.ts';
import { createMemoryDriver, MemoryBackend } from '../fakes/memory-driver.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';

const now = () => new Date(100_000);
const signal = new AbortController().signal;
const silent = { debug() {}, info() {}, warn() {}, error() {} };

describe('reap', () => {
  it('goes on behind an orphan that cannot be destroyed', async () => {
    const backend = new MemoryBackend();
    for (const id of ['box-1', 'box-2', 'box-3']) {
      backend.sandboxes.set(id, { createdAt: new Date(0), components: new Map() });
    }
    const driver = createMemoryDriver({ backend, now });
    const stuck = {
      ...driver,
      destroy: (id: string, stop: AbortSignal) =>
        id === 'box-1' ? Promise.reject(new Error('it is stuck')) : driver.destroy(id, stop),
    };
    expect(await reap(stuck, createMemoryStore({ now }), 60, silent, signal)).toBe(2);
    expect([...backend.sandboxes.keys()]).toEqual(['box-1']);
  });
});
