/** What the routes of terminals and tunnels refuse, hold and end. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mostOpen } from '../../src/terminal/bounds.ts';
import { closingCodes, protocolOf, type WayKind } from '../../src/terminal/protocol.ts';
import { type Asked, type Connected, connectTo, startWays, type WaysWorld } from './world.ts';

let world: WaysWorld;
let token: string;

const open = (kind: WayKind, component: string, more: Asked = {}, lab = world.lab) =>
  connectTo(world.world.url, kind, lab, component, { token, ...more });
const codeFor = async (kind: WayKind, component: string) =>
  (await world.ann.call<{ code: string }>('POST', `/labs/${world.lab}/${kind}/${component}`)).code;

beforeAll(async () => {
  world = await startWays();
  token = await world.token('ann');
});
afterAll(() => world?.stop());

describe('before the upgrade', () => {
  const lab = () => world.lab;
  const refusals: readonly [string, () => Promise<Connected>, number, string, RegExp][] = [
    [
      'no token',
      () => open('terminal', 'workspace', { token: null }),
      401,
      'unauthenticated',
      /needs a token/,
    ],
    [
      'a token of nobody',
      () => open('terminal', 'workspace', { token: `lw_${'x'.repeat(43)}` }),
      401,
      'unauthenticated',
      /not known/,
    ],
    [
      'a token in the URL',
      () => open('terminal', 'workspace', { token: null, query: { token } }),
      400,
      'bad_request',
      /must not be in the URL/,
    ],
    [
      'a token as the code',
      () => open('terminal', 'workspace', { token: null, query: { code: token } }),
      400,
      'bad_request',
      /must not be in the URL/,
    ],
    [
      'a code of one’s own',
      () => open('terminal', 'workspace', { token: null, query: { code: 'x' } }),
      401,
      'unauthenticated',
      /used/,
    ],
    [
      'another origin',
      () => open('terminal', 'workspace', { headers: { origin: 'https://evil.example' } }),
      403,
      'forbidden',
      /origin/,
    ],
    [
      'no origin that could be',
      () => open('terminal', 'workspace', { headers: { origin: 'null' } }),
      403,
      'forbidden',
      /origin/,
    ],
    [
      'no protocol',
      () => open('terminal', 'workspace', { protocol: null }),
      400,
      'bad_request',
      /found none; allowed is labwright\.terminal\.v1/,
    ],
    [
      'the other protocol',
      () => open('terminal', 'workspace', { protocol: protocolOf.tunnel }),
      400,
      'bad_request',
      /found others/,
    ],
    [
      'columns that are none',
      () => open('terminal', 'workspace', { query: { cols: '0' } }),
      422,
      'validation_failed',
      /cols: found/,
    ],
    [
      'a query that is unknown',
      () => open('tunnel', 'database', { query: { port: '22' } }),
      422,
      'validation_failed',
      /port/,
    ],
    [
      'no such lab',
      () => open('terminal', 'workspace', {}, 'lab-222222222222'),
      404,
      'lab_not_found',
      /no lab/,
    ],
    [
      'no such component',
      () => open('terminal', 'worksapce'),
      404,
      'component_not_found',
      /Did you mean "workspace"/,
    ],
    [
      'a component without a terminal',
      () => open('terminal', 'database'),
      400,
      'bad_request',
      /those that have one: workspace/,
    ],
    [
      'a component without a port',
      () => open('tunnel', 'workspace'),
      400,
      'bad_request',
      /those that have one: .*database/,
    ],
    [
      'a place that is not there',
      () => open('tunnel', 'database', { query: { place: 'x' } }),
      409,
      'conflict',
      /reset/,
    ],
  ];
  it.each(refusals)('%s', async (_, asking, status, code, detail) => {
    expect(lab()).toMatch(/^lab-/);
    await expect(asking()).rejects.toMatchObject({ status, code, detail: expect.stringMatching(detail) });
  });

  it('another’s lab is none, and is on record as refused', async () => {
    const eve = await world.token('eve');
    for (const kind of ['terminal', 'tunnel'] as const) {
      const component = kind === 'terminal' ? 'workspace' : 'database';
      await expect(open(kind, component, { token: eve })).rejects.toMatchObject({
        status: 404,
        code: 'lab_not_found',
      });
    }
    const { items } = await world.world.instructor.call<{ items: { action: string; outcome: string }[] }>(
      'GET',
      `/audit?actor=eve`,
    );
    expect(items.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
      'tunnel.open lab_not_found',
      'terminal.open lab_not_found',
    ]);
  });

  it('a lab that is not ready yet says so', async () => {
    const { id } = await world.ann.create({ template: 'ways' });
    await expect(open('terminal', 'workspace', {}, id)).rejects.toMatchObject({
      status: 409,
      code: 'lab_not_ready',
    });
    await world.ann.untilReady(id, 60_000);
    await world.ann.remove(id);
  });

  it('a code is for one way into one component only', async () => {
    const code = await codeFor('tunnel', 'site');
    await expect(open('tunnel', 'database', { token: null, query: { code } })).rejects.toMatchObject({
      status: 401,
    });
    const page = await world.ann.call<{ url: string }>('POST', `/labs/${world.lab}/proxy/site`, {});
    const pageCode = new URL(page.url).searchParams.get('code') ?? '';
    await expect(open('tunnel', 'site', { token: null, query: { code: pageCode } })).rejects.toMatchObject({
      status: 401,
    });
  });

  it('what is no WebSocket is told so, and other upgrades are not heard', async () => {
    const headers = { authorization: `Bearer ${token}` };
    const plain = await fetch(`${world.world.url}/api/v1/labs/${world.lab}/terminal/workspace`, { headers });
    expect([plain.status, plain.headers.get('content-type')]).toEqual([
      400,
      expect.stringContaining('problem+json'),
    ]);
    const { port } = new URL(world.world.url);
    for (const upgrade of ['h2c', 'websocket']) {
      const socket = connect(Number(port), '127.0.0.1');
      socket.write(
        `GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: ${upgrade}\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
      );
      const [answer] = (await once(socket, 'data')) as [Buffer];
      expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 /);
      socket.destroy();
    }
  });

  it('only so many are open at once, and a place is free again at once', async () => {
    const all = await Promise.all(
      Array.from({ length: mostOpen.terminal.lab }, () => open('terminal', 'workspace')),
    );
    await expect(open('terminal', 'workspace')).rejects.toMatchObject({ status: 429, code: 'too_soon' });
    all[0]?.socket.close();
    await all[0]?.closed;
    await expect.poll(async () => (await open('terminal', 'workspace')).socket.readyState).toBe(1);
    for (const one of all) one.socket.terminate();
  });
});

describe('a tunnel', () => {
  it('carries bytes as they are, and each side’s end', async () => {
    const tunnel = await open('tunnel', 'site');
    tunnel.socket.send(Buffer.from('GET / HTTP/1.1\r\nhost: site\r\nconnection: close\r\n\r\n'));
    tunnel.socket.send('{"end":true}');
    expect(await tunnel.closed).toEqual({ code: closingCodes.done, reason: 'closed' });
    expect(tunnel.text()).toMatch(/^HTTP\/1\.1 200 OK\r\n.*ok$/s);
  });

  it('takes only frames that it knows', async () => {
    for (const frame of ['hello', '{"resize":{"cols":80,"rows":24}}', 'null', '{"end":false}']) {
      const tunnel = await open('tunnel', 'site');
      tunnel.socket.send(frame);
      expect((await tunnel.closed).code, frame).toBe(closingCodes.protocol);
    }
    const terminal = await open('terminal', 'workspace');
    terminal.socket.send('{"resize":{"cols":0,"rows":1e9}}');
    expect((await terminal.closed).code).toBe(closingCodes.protocol);
  });

  it('takes no frame of more than 64 KiB', async () => {
    const tunnel = await open('tunnel', 'site');
    tunnel.socket.send(Buffer.alloc(65_537));
    expect((await tunnel.closed).code).toBe(1009);
  });

  it('is as slow as who reads it, and holds little of what waits', async () => {
    const tunnel = await open('tunnel', 'site');
    tunnel.socket.pause();
    tunnel.socket.send(Buffer.from('GET /large HTTP/1.1\r\nhost: site\r\n\r\n'));
    await delay(500);
    const before = process.memoryUsage().rss;
    await delay(1_500);
    // The answer has 64 MiB.
    expect(process.memoryUsage().rss - before).toBeLessThan(32 * 1024 * 1024);
    tunnel.socket.resume();
    await expect.poll(tunnel.bytes, { timeout: 20_000 }).toBeGreaterThan(64 * 1_048_576);
    tunnel.socket.close();
  });
});

describe('a terminal', () => {
  it('that is flooded holds little, still takes Ctrl-C, and leaves others alone', async () => {
    const terminal = await open('terminal', 'workspace');
    terminal.type('yes\n');
    await terminal.shows('y\r\ny\r\n');
    terminal.socket.pause();
    await delay(500);
    const before = process.memoryUsage().rss;
    await delay(1_500);
    expect(process.memoryUsage().rss - before).toBeLessThan(32 * 1024 * 1024);
    const started = performance.now();
    await world.ann.lab(world.lab);
    expect(performance.now() - started).toBeLessThan(5_000);
    terminal.type('\x03');
    terminal.socket.resume();
    terminal.type('echo ov""er\n');
    await terminal.shows('over');
    terminal.socket.close();
  });

  it('takes a hasty client’s frames as fast as it likes, and all of them', async () => {
    const terminal = await open('terminal', 'workspace');
    terminal.type('stty -echo; cat > typed; wc -c typed\n');
    await delay(300);
    for (let i = 0; i < 12_000; i += 1) terminal.type('x\n');
    terminal.type('\x04');
    await expect.poll(terminal.text, { timeout: 25_000 }).toContain('24000 typed');
    terminal.socket.close();
  });
});

describe('in the middle', () => {
  it('a lab that is deleted ends all that is open in it, with the reason', async () => {
    const lab = await world.another();
    const [terminal, idle, client] = await Promise.all([
      open('terminal', 'workspace', {}, lab),
      open('tunnel', 'database', {}, lab),
      open('tunnel', 'site', {}, lab),
    ]);
    await world.ann.remove(lab);
    for (const one of [terminal, idle, client]) expect((await one.closed).code).toBe(closingCodes.labEnded);
  });

  it('a token that is revoked ends what it has opened', { timeout: 60_000 }, async () => {
    const made = await world.world.instructor.call<{ id: string; token: string }>('POST', '/tokens', {
      subject: 'ann',
    });
    const terminal = await open('terminal', 'workspace', { token: made.token });
    await world.world.instructor.call('DELETE', `/tokens/${made.id}`);
    expect((await terminal.closed).code).toBe(closingCodes.refused);
  });

  it('a server that stops says so, waits for nobody, and leaves nothing behind', {
    timeout: 90_000,
  }, async () => {
    const own = await startWays();
    const ownToken = await own.token('ann');
    const ways = await Promise.all([
      connectTo(own.world.url, 'terminal', own.lab, 'workspace', { token: ownToken }),
      connectTo(own.world.url, 'tunnel', own.lab, 'database', { token: ownToken }),
      connectTo(own.world.url, 'tunnel', own.lab, 'site', { token: ownToken }),
    ]);
    // One that reads nothing and would never answer.
    ways[2]?.socket.pause();
    const started = performance.now();
    await own.stop();
    expect(performance.now() - started).toBeLessThan(30_000);
    for (const one of ways.slice(0, 2)) expect((await one.closed).code).toBe(closingCodes.serverStops);
  });
});

it('is as safe for a database as its own port', async () => {
  const tunnel = await open('tunnel', 'database');
  // Any PostgreSQL answers an SSLRequest with one letter.
  tunnel.socket.send(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]));
  await expect.poll(tunnel.text).toMatch(/^[NS]$/);
  tunnel.socket.close();
});
