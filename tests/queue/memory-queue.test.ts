import { describe, expect, it } from 'vitest';
import { queueContract } from '../contracts/queue-contract.ts';
import { createMemoryQueue } from '../fakes/memory-queue.ts';

describe('the in-memory queue', () => {
  queueContract(async () => createMemoryQueue({ auto: true }));

  it('is stepped by hand, oldest ring first', async () => {
    const queue = createMemoryQueue();
    const served: string[] = [];
    queue.onWake(async (key) => {
      served.push(key);
    });
    await queue.wake('lab:b');
    await queue.wake('lab:a');
    await queue.wake('lab:b');
    expect(queue.waiting()).toEqual(['lab:b', 'lab:a']);
    expect(await queue.runNext()).toBe(true);
    expect(served).toEqual(['lab:b']);
    queue.lose();
    expect(await queue.runNext()).toBe(false);
  });
});
