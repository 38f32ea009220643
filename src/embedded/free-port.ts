import { createServer } from 'node:net';

/** A TCP port of the loopback interface that nobody listens on now. */
export async function findFreePort(): Promise<number> {
  const port = await tryListen(0);
  if (port === null) throw new Error('No free TCP port on 127.0.0.1');
  return port;
}

/** Whether a server could listen there now. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await tryListen(port)) !== null;
}

function tryListen(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    // Whoever connects in this moment is looking for somebody else, and would keep the port until they give up.
    const server = createServer((socket) => socket.destroy());
    server.once('error', () => resolve(null));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : null));
    });
  });
}
