/** One at a time between all agents of a gateway; whoever dies lets go. */
import { createServer, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const pollEveryMs = 50;

/** A name that only one process can listen on: the kernel takes it back, which no file would be. */
export async function alone<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    const held = await listen(`\0labwright ${name}`);
    if (held !== null) {
      try {
        return await work();
      } finally {
        await new Promise((resolve) => held.close(resolve));
      }
    }
    await delay(pollEveryMs, undefined, { signal });
  }
}

function listen(path: string): Promise<Server | null> {
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', (thrown: NodeJS.ErrnoException) =>
      thrown.code === 'EADDRINUSE' ? resolve(null) : reject(thrown),
    );
    server.listen(path, () => resolve(server));
  });
}
