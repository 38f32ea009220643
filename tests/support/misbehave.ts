/** HTTP servers that do what a hostile trainee's would: each a handler over the bare socket. */
import { createServer, type Socket } from 'node:net';
import { setInterval as every } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { ComponentAccess } from '../../src/lab/ports.ts';

export interface BareServer {
  readonly access: ComponentAccess & { kind: 'sample-api' };
  /** Request heads that arrived, oldest first. */
  readonly heads: readonly string[];
  stop(): Promise<void>;
}

/** Answers every request, once its head is whole, with `answer`. */
export async function bareServer(answer: (socket: Socket, head: string) => unknown): Promise<BareServer> {
  const sockets = new Set<Socket>();
  const heads: string[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    let head = '';
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => {
      const whole = head.includes('\r\n\r\n');
      head += chunk;
      if (whole || !head.includes('\r\n\r\n')) return;
      heads.push(head);
      answer(socket, head);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('no port');
  return {
    access: sampleApi(address.port),
    heads,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function sampleApi(port: number): ComponentAccess & { kind: 'sample-api' } {
  const account = {
    id: '7d0a1f0e-0000-4000-8000-000000000001',
    email: 'lab@example.net',
    password: 'secret-account',
    tenantId: '7d0a1f0e-0000-4000-8000-0000000000aa',
    permissions: ['customers:read'],
  };
  const jwtSecret = 'secret-signing-key-of-the-lab-0123456789';
  return { kind: 'sample-api', url: `http://127.0.0.1:${port}`, host: '127.0.0.1', port, account, jwtSecret };
}

export function reply(
  status: string,
  headers: Record<string, string | number>,
  body: string | Buffer = '',
): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status}\r\n${lines.join('')}\r\n`), Buffer.from(body)]);
}

export function jsonReply(value: unknown, status = '200 OK'): Buffer {
  const body = JSON.stringify(value);
  return reply(
    status,
    { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    body,
  );
}

/** A byte a time, without end. */
export async function drip(socket: Socket, head: Buffer): Promise<void> {
  socket.write(head);
  for await (const _ of every(20)) {
    if (socket.destroyed) return;
    socket.write('x');
  }
}

/** As much as the other side takes, without end. */
export function flood(socket: Socket, head: Buffer, chunk: Buffer = Buffer.alloc(65_536, 0x61)): void {
  socket.write(head);
  const pour = () => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', pour);
  pour();
}

export function gzipBomb(bytes: number): Buffer {
  const body = gzipSync(Buffer.alloc(bytes));
  return reply('200 OK', { 'content-encoding': 'gzip', 'content-length': body.byteLength }, body);
}
