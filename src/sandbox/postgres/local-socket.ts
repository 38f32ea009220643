/** A socket on this machine, for programs of ours that know nothing but a URL: what connects there is dialled. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import type { Dial } from './target.ts';

export interface LocalSocket {
  /** The URL that was given, with this socket in the place of its host. */
  readonly url: string;
  /** Ends what is connected. */
  close(): Promise<void>;
}

/** In a folder that nobody else of this machine can enter. */
export async function openSocket(url: string, dial: Dial): Promise<LocalSocket> {
  const folder = mkdtempSync(join(tmpdir(), 'labwright-'));
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    const join = (inner: Awaited<ReturnType<Dial>>) => {
      pipeline(socket, inner, () => {});
      pipeline(inner, socket, () => {});
    };
    dial().then(join, () => socket.destroy());
  });
  server.listen(join(folder, '.s.PGSQL.5432'));
  await once(server, 'listening');
  const { username, password, pathname } = new URL(url);
  return {
    url: `postgres://${username}:${password}@${encodeURIComponent(folder)}${pathname}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
