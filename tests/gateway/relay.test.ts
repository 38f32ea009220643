import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { mostChannels } from '../../src/gateway/protocol.ts';
import type { AgentSession } from '../../src/sandbox/containers/agent-session.ts';
import { type Linked, linked } from './linked.ts';

const anHour = new AbortController().signal;
const opened: (() => void)[] = [];

afterEach(() => {
  for (const close of opened.splice(0)) close();
});

async function service(onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  opened.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const dial = (session: AgentSession, port: number, signal = anHour) =>
  session.channel({ kind: 'dial', host: 'api', port }, null, signal);

function link(idleMs?: number): Linked {
  const pair = linked({}, idleMs);
  opened.push(() => pair.session.close());
  return pair;
}

describe('the relay', () => {
  it('carries bytes both ways, and ends of either side', async () => {
    const port = await service(async (socket) => {
      // Answers only when all was said.
      const all = await text(socket);
      socket.end(all.toUpperCase());
    });
    const stream = await dial(link().session, port);
    stream.end('all of it');
    expect(await text(stream)).toBe('ALL OF IT');
  });

  it('ends as a plain socket does when the service has ended', async () => {
    const port = await service((socket) => socket.end('bye'));
    const stream = await dial(link().session, port);
    const closed = once(stream, 'close');
    expect(await text(stream)).toBe('bye');
    await closed;
    expect(stream.writable).toBe(false);
  });

  it('says what was in the way', async () => {
    const port = await service(() => {});
    const { session } = link();
    await expect(
      session.channel({ kind: 'dial', host: 'unknown', port }, null, anHour),
    ).rejects.toMatchObject({
      code: 'backend_unavailable',
      extra: { reason: 'no_such_name' },
    });
    const free = await service(() => {});
    for (const close of opened.splice(-1)) close();
    await expect(dial(session, free)).rejects.toMatchObject({
      code: 'backend_unavailable',
      extra: { reason: 'refused' },
    });
    await expect(dial(session, 70_000)).rejects.toMatchObject({
      extra: { reason: 'not_allowed' },
    });
  });

  it('says that a connection was reset', async () => {
    const port = await service((socket) => socket.once('data', () => socket.resetAndDestroy()));
    const stream = await dial(link().session, port);
    stream.write('now');
    stream.resume();
    const [error] = await once(stream, 'error');
    expect(error).toMatchObject({ code: 'ECONNRESET' });
  });

  it('ends the connection when our side is destroyed, or its signal aborted', async () => {
    const closed = vi.fn();
    const port = await service((socket) => socket.resume().once('end', closed));
    const { session } = link();
    (await dial(session, port)).destroy();
    await vi.waitFor(() => expect(closed).toHaveBeenCalledTimes(1));
    const mine = new AbortController();
    const stream = await dial(session, port, mine.signal);
    const failed = once(stream, 'error');
    mine.abort();
    expect((await failed)[0]).toMatchObject({ name: 'AbortError' });
    await vi.waitFor(() => expect(closed).toHaveBeenCalledTimes(2));
  });

  it('reads no more than is taken', async () => {
    let sent = 0;
    const chunk = Buffer.alloc(64 * 1024);
    const port = await service((socket) => {
      const more = () => {
        while (!socket.destroyed && socket.write(chunk)) sent += chunk.length;
        socket.once('drain', more);
      };
      more();
    });
    const pair = link();
    const endless = await dial(pair.session, port);
    // Until it comes to rest; what systems keep for a connection on the way is some megabytes.
    let before = -1;
    await vi.waitFor(
      () => {
        const isAtRest = sent === before && sent > 0;
        before = sent;
        expect(isAtRest).toBe(true);
      },
      { timeout: 30_000, interval: 300 },
    );
    expect(sent).toBeLessThan(32 * 1024 * 1024);
    // Others are not held up by it.
    const other = await service((socket) => socket.end('here'));
    expect(await text(await dial(pair.session, other))).toBe('here');
    endless.destroy();
  });

  it('is not held up by a service that never reads', async () => {
    const port = await service((socket) => socket.pause());
    const { session } = link();
    const stuck = await dial(session, port);
    stuck.on('error', () => {});
    let isFull = false;
    for (let written = 0; written < 64 * 1024 * 1024 && !isFull; written += 65_536) {
      isFull = !stuck.write(Buffer.alloc(65_536));
      if (isFull)
        isFull = await Promise.race([
          once(stuck, 'drain').then(() => false),
          new Promise<boolean>((resolve) => setTimeout(resolve, 1_000, true)),
        ]);
    }
    expect(isFull).toBe(true);
    const other = await service((socket) => socket.end('here'));
    expect(await text(await dial(session, other))).toBe('here');
  });

  it('delivers all that was written before an end', async () => {
    const size = 8 * 1024 * 1024;
    const port = await service(async (socket) => {
      // Ends its own side first, and reads slowly.
      socket.end();
      socket.pause();
      await new Promise((resolve) => setTimeout(resolve, 300));
      received((await buffer(socket)).length);
    });
    let received: (length: number) => void = () => {};
    const told = new Promise<number>((resolve) => {
      received = resolve;
    });
    const stream = await dial(link().session, port);
    stream.allowHalfOpen = true;
    stream.resume();
    await once(stream, 'end');
    stream.end(Buffer.alloc(size));
    expect(await told).toBe(size);
  });
});

describe('a session', () => {
  it('starts one agent for many, and another one when that was lost', async () => {
    const port = await service((socket) => socket.pipe(socket));
    const pair = link();
    const streams = await Promise.all(Array.from({ length: 20 }, () => dial(pair.session, port)));
    expect(pair.started()).toBe(1);
    const failed = once(streams[0] ?? (await dial(pair.session, port)), 'error');
    for (const stream of streams) stream.on('error', () => {});
    pair.cut();
    expect((await failed)[0]).toMatchObject({ code: 'ECONNRESET' });
    const again = await dial(pair.session, port);
    again.end('x');
    expect(await text(again)).toBe('x');
    expect(pair.started()).toBe(2);
  });

  it('is opened anew by a request that finds it broken', async () => {
    const port = await service((socket) => socket.end('x'));
    const pair = link();
    await pair.session.open(anHour);
    const dialled = dial(pair.session, port);
    pair.cut();
    expect(await text(await dialled)).toBe('x');
    expect(pair.started()).toBe(2);
  });

  it('ends its agent when nobody has used it for a while, and not before', async () => {
    const port = await service((socket) => socket.pipe(socket));
    const pair = link(200);
    const stream = await dial(pair.session, port);
    await new Promise((resolve) => setTimeout(resolve, 600));
    stream.end('still there');
    expect(await text(stream)).toBe('still there');
    await pair.ended();
    expect(await text(await dial(pair.session, port).then((s) => s.end('y')))).toBe('y');
    expect(pair.started()).toBe(2);
  });

  it.each<[string, (socket: Socket) => unknown, (stream: Duplex) => unknown]>([
    ['the service', (socket) => socket.end('bye'), text],
    ['the service, of which nothing is read', (socket) => socket.end('bye'), (stream) => stream.destroy()],
    ['the service, which is gone', (socket) => socket.write('bye', () => socket.destroy()), text],
    [
      'the service, which is gone while it is spoken to',
      (socket) => setTimeout(() => socket.destroy(), 2),
      (stream) => text(stream.end(Buffer.alloc(3_000_000))),
    ],
    [
      'the service, by a reset',
      (socket) => socket.once('data', () => socket.resetAndDestroy()),
      (stream) => text(stream.end('x')),
    ],
    ['us', (socket) => socket.resume().once('end', () => socket.end()), (stream) => text(stream.end('x'))],
    ['us, by a reset', (socket) => socket.resume(), (stream) => stream.destroy()],
    ['us, and the service reads nothing', (socket) => socket.end(), (stream) => text(stream.end('x'))],
  ])('forgets connections that are ended by %s', async (_, serve, use) => {
    const port = await service(serve);
    const { session } = link();
    for (let made = 0; made < mostChannels + 10; made += 1) {
      const stream = await dial(session, port);
      await Promise.resolve(use(stream)).catch(() => {});
    }
  });

  it('refuses more connections than an agent keeps, and goes on', async () => {
    const port = await service((socket) => socket.pipe(socket));
    const { session } = link();
    const streams = await Promise.all(Array.from({ length: 256 }, () => dial(session, port)));
    await expect(dial(session, port)).rejects.toThrow(/256 connections/);
    streams[0]?.destroy();
    await vi.waitFor(async () => (await dial(session, port)).destroy());
  });

  it('bears that thousands of connections are given up', async () => {
    const port = await service((socket) => socket.on('data', () => {}));
    const pair = link();
    for (let round = 0; round < 15; round += 1) {
      const streams = await Promise.all(Array.from({ length: 100 }, () => dial(pair.session, port)));
      for (const stream of streams) stream.destroy();
      await Promise.all(streams.map((stream) => stream.closed || once(stream, 'close')));
    }
    expect(pair.started()).toBe(1);
  }, 60_000);
});
