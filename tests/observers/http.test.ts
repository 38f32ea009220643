import type { Socket } from 'node:net';
import { jwtVerify } from 'jose';
import { afterEach, describe, expect, it } from 'vitest';
import type { Observation } from '../../src/grading/types.ts';
import { httpObserver } from '../../src/observers/http.ts';
import { lookContext, testHandle } from '../support/handle.ts';
import {
  type BareServer,
  bareServer,
  drip,
  flood,
  gzipBomb,
  jsonReply,
  reply,
  sampleApi,
} from '../support/misbehave.ts';

const servers: BareServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

async function ask(
  answer: (socket: Socket, head: string) => unknown,
  more: object = {},
): Promise<{ seen: Observation; server: BareServer }> {
  const server = await bareServer(answer);
  servers.push(server);
  const spec = httpObserver.spec.parse({ component: 'api', path: '/x', timeout: '2s', ...more });
  const context = lookContext(testHandle({ api: server.access }));
  return { seen: await httpObserver.observe(spec, context, AbortSignal.timeout(20_000)), server };
}

/** Packed once: packing 200 MiB takes longer than a look may. */
const bomb = gzipBomb(200 * 1024 * 1024);

const problemOf = async (answer: (socket: Socket) => unknown, more: object = {}): Promise<string> => {
  const { seen } = await ask(answer, more);
  return seen.outcome === 'seen' ? 'seen' : seen.problem;
};

describe('a response as a value', () => {
  it('has status, headers, text and json', async () => {
    const { seen } = await ask((socket) => socket.end(jsonReply({ items: [{ id: 'a' }] }, '201 Created')));
    expect(seen).toMatchObject({
      outcome: 'seen',
      value: {
        status: 201,
        headers: { 'content-type': 'application/json' },
        text: '{"items":[{"id":"a"}]}',
        json: { items: [{ id: 'a' }] },
      },
    });
  });

  it('has json null when the body is none, and joins a header that came twice', async () => {
    const answer = 'HTTP/1.1 404 Not Found\r\nx-a: 1\r\nX-A: 2\r\ncontent-length: 2\r\n\r\nno';
    const { seen } = await ask((socket) => socket.end(answer));
    expect(seen).toMatchObject({
      value: { status: 404, headers: { 'x-a': '1, 2' }, text: 'no', json: null },
    });
  });

  it('shows a redirect instead of following it', async () => {
    const { seen, server } = await ask((socket) =>
      socket.end(
        reply('302 Found', { location: 'http://169.254.169.254/latest/meta-data', 'content-length': 0 }),
      ),
    );
    expect(seen).toMatchObject({ value: { status: 302 } });
    expect(server.heads).toHaveLength(1);
  });

  it('sends what the spec says and nothing of the environment', async () => {
    const { server } = await ask((socket) => socket.end(jsonReply({})), {
      method: 'POST',
      path: '/a?b=c',
      headers: { 'X-Lab': 'one' },
      json: { a: 1 },
    });
    expect(server.heads[0]).toMatch(/^POST \/a\?b=c HTTP\/1.1\r\n/);
    expect(server.heads[0]).toContain(`host: 127.0.0.1:${server.access.port}\r\n`);
    expect(server.heads[0]).toContain('x-lab: one\r\n');
    expect(server.heads[0]).toContain('content-length: 7\r\n');
    expect(server.heads[0]).not.toMatch(/authorization/i);
  });

  it('looks with the rights of the trainee and says that it is the grader', async () => {
    const { server } = await ask((socket) => socket.end(jsonReply({})), { auth: 'trainee' });
    const token = /authorization: Bearer (\S+)/i.exec(server.heads[0] ?? '')?.[1] ?? '';
    const { account, jwtSecret } = server.access;
    const { payload } = await jwtVerify(token, new TextEncoder().encode(jwtSecret));
    expect(payload).toMatchObject({ sub: account.id, act: { sub: 'grader' } });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(60);
  });
});

describe('a hostile server is a value with a reason', () => {
  it.each<[string, (socket: Socket) => unknown, string]>([
    ['drips its body', (s) => drip(s, reply('200 OK', {})), 'slow'],
    ['drips its headers', (s) => drip(s, Buffer.from('HTTP/1.1 200 OK\r\nx-a: ')), 'slow'],
    ['never answers', () => undefined, 'slow'],
    [
      'answers 100 Continue for ever',
      (s) => drip(s, Buffer.from('HTTP/1.1 100 Continue\r\n\r\n'.repeat(50))),
      'unsupported',
    ],
    ['has an endless body', (s) => flood(s, reply('200 OK', {})), 'oversized'],
    [
      'has an endless chunked body',
      (s) =>
        flood(
          s,
          reply('200 OK', { 'transfer-encoding': 'chunked' }),
          Buffer.from(`10000\r\n${'a'.repeat(65_536)}\r\n`),
        ),
      'oversized',
    ],
    ['has 100 KiB of headers', (s) => s.end(reply('200 OK', { 'x-a': 'a'.repeat(102_400) })), 'oversized'],
    [
      'has endless headers',
      (s) => flood(s, Buffer.from('HTTP/1.1 200 OK\r\n'), Buffer.from('x-a: b\r\n'.repeat(1000))),
      'oversized',
    ],
    ['sends a gzip bomb', (s) => s.end(bomb), 'oversized'],
    [
      'sends broken gzip',
      (s) => s.end(reply('200 OK', { 'content-encoding': 'gzip', 'content-length': 3 }, 'abc')),
      'unsupported',
    ],
    [
      'promises more than it sends',
      (s) => s.end(reply('200 OK', { 'content-length': 100 }, 'short')),
      'refused',
    ],
    [
      'sends more than it promises',
      (s) => s.end(reply('200 OK', { 'content-length': 2 }, 'ok and more')),
      'seen',
    ],
    ['resets the connection', (s) => s.resetAndDestroy(), 'refused'],
    ['closes without an answer', (s) => s.end(), 'refused'],
    ['does not speak HTTP', (s) => s.end('SSH-2.0-OpenSSH_9\r\n'), 'unsupported'],
    [
      'switches protocols',
      (s) => s.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
      'unsupported',
    ],
    [
      'sends json that is too deep',
      (s) => s.end(reply('200 OK', { 'content-type': 'application/json' }, '['.repeat(100_000))),
      'oversized',
    ],
    [
      'lies about its type',
      (s) => s.end(reply('200 OK', { 'content-type': 'application/json' }, 'not json')),
      'seen',
    ],
  ])('%s', async (_name, answer, expected) => {
    const start = performance.now();
    // What must be found out for another reason than time gets time enough on a busy machine.
    const seconds = expected === 'slow' ? 1 : 10;
    expect(await problemOf(answer, { timeout: `${seconds}s` })).toBe(expected);
    expect(performance.now() - start).toBeLessThan((seconds + 1) * 1_000);
  });

  it('costs no more memory than its cap', async () => {
    const before = process.memoryUsage().rss;
    for (let times = 0; times < 5; times += 1) await problemOf((s) => s.end(bomb));
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1024 * 1024);
  });
});

describe('nobody there', () => {
  it('is our error when the component stays out of reach', async () => {
    const spec = httpObserver.spec.parse({ component: 'api', path: '/x' });
    const context = lookContext(testHandle({ api: sampleApi(1) }));
    const seen = await httpObserver.observe(spec, context, AbortSignal.timeout(5_000));
    expect(seen).toMatchObject({ outcome: 'unseen', problem: 'backend_down' });
    expect(JSON.stringify(seen)).not.toMatch(/secret-/);
  });
});

describe('the spec', () => {
  it.each([
    { path: 'http://example.com/' },
    { path: '//example.com/' },
    { path: '/x', headers: { Host: 'example.com' } },
    { path: '/x', headers: { 'Transfer-Encoding': 'chunked' } },
    { path: '/x', headers: { 'a b': 'c' } },
    { path: '/x', unknown: 1 },
  ])('refuses %o', (part) => {
    expect(httpObserver.spec.safeParse({ component: 'api', ...part }).success).toBe(false);
  });
});
