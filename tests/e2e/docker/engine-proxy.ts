/** A way to the engine that a test can cut, and that can lose an answer whose effect has happened. */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dockerHost } from '../../support/docker.ts';

export type EngineProxy = Awaited<ReturnType<typeof startEngineProxy>>;

export async function startEngineProxy() {
  const folder = mkdtempSync(join(tmpdir(), 'labwright-engine-'));
  const path = join(folder, 'engine.sock');
  const engine = new URL(dockerHost);
  const sockets = new Set<Socket>();
  let losing: { readonly request: RegExp; readonly lost: () => void } | null = null;
  let server: Server | null = null;

  function pass(client: Socket): void {
    const to =
      engine.protocol === 'unix:'
        ? { path: decodeURIComponent(engine.pathname) }
        : { host: engine.hostname, port: Number(engine.port || 2375) };
    const upstream = connect({ ...to, allowHalfOpen: true });
    let drop: (() => void) | null = null;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (chunk: Buffer) => {
      // Requests are not pipelined: one begins where a chunk does.
      if (losing?.request.test(chunk.subarray(0, 300).toString('latin1')) === true) {
        drop = losing.lost;
        losing = null;
      }
      upstream.write(chunk);
    });
    client.on('end', () => upstream.end());
    upstream.on('data', (chunk: Buffer) => {
      if (drop === null) {
        client.write(chunk);
        return;
      }
      client.destroy();
      drop();
    });
    upstream.on('end', () => client.end());
  }

  async function open(): Promise<void> {
    if (server !== null) return;
    const opened = createServer({ allowHalfOpen: true }, pass);
    await new Promise<void>((resolve) => opened.listen(path, resolve));
    server = opened;
  }

  async function cut(): Promise<void> {
    const closing = server;
    server = null;
    const closed = new Promise((resolve) => (closing === null ? resolve(null) : closing.close(resolve)));
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  await open();
  return {
    /** For DOCKER_HOST. */
    host: `unix://${path}`,
    /** Nothing gets through, and nothing listens. */
    cut,
    /** As before. */
    restore: open,
    /** The next request that begins so is done, and its answer lost; resolves when that has happened. */
    loseAnswerOf(request: RegExp): Promise<void> {
      return new Promise((lost) => {
        losing = { request, lost };
      });
    },
    async stop(): Promise<void> {
      await cut();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
