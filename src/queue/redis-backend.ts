/** Rings in Redis 7 or newer: for many workers. */
import { Queue, Worker } from 'bullmq';
import type { Backend, Ring } from './bullmq-queue.ts';

/** Redis need not be there yet: both sides connect when it is. */
export async function openRedisBackend(url: string): Promise<Backend> {
  return {
    openQueue: (name, options) =>
      new Queue<Ring>(name, {
        ...options,
        // A ring that cannot be sent is dropped, not kept for later: the sweep is there before Redis is.
        connection: { url, maxRetriesPerRequest: 1, enableOfflineQueue: false },
      }),
    openWorker: (name, serve, options) =>
      new Worker<Ring, void>(name, serve, { ...options, connection: { url, maxRetriesPerRequest: null } }),
    close: async () => {},
  };
}
