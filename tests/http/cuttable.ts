/** A way to a server that a test can cut, as a network or a restart would. */
import { connect, createServer, type Socket } from 'node:net';

export async function createCuttable() {
  const open = new Set<Socket>();
  let target = { host: '', port: 0 };
  let cut = false;
  const server = createServer((near) => {
    if (cut) return near.destroy();
    const far = connect(target);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(from);
      from.pipe(to);
      from.on('error', () => undefined);
      from.on('close', () => {
        open.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };

  return {
    /** The same database by way of here. */
    async through(url: string): Promise<string> {
      const near = new URL(url);
      target = { host: near.hostname, port: Number(near.port) };
      near.hostname = '127.0.0.1';
      near.port = String(port);
      return near.href;
    },
    cut(): void {
      cut = true;
      for (const socket of open) socket.destroy();
    },
    mend(): void {
      cut = false;
    },
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
