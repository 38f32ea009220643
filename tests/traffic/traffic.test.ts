import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually, type Journal, type RunningTraffic, startTraffic, token } from './running-traffic.ts';

const running: RunningTraffic[] = [];
const servers: Server[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
  for (const one of servers.splice(0)) {
    one.closeAllConnections();
    one.close();
  }
});

async function serve(answer: (request: IncomingMessage, response: ServerResponse, body: string) => void) {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => answer(request, response, body));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function start(text: string, target: string, more: Record<string, string> = {}) {
  const one = await startTraffic(text, target, more);
  running.push(one);
  return one;
}

const orders = `
timeoutMs: 5000
requests:
  - method: POST
    path: /orders
    draws: { order: uuid }
    json: { id: "{{order}}" }
    save: { number: json.number }
`;

describe('a load', () => {
  it('keeps its rate, and writes down what was acknowledged', async () => {
    let number = 0;
    const target = await serve((_, response) => {
      number += 1;
      response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify({ number }));
    });
    const load = await start(orders, target, { RATE: '20' });
    const started = performance.now();
    await eventually(
      () => number,
      (n) => n >= 25,
    );
    const { entries, now }: Journal = await load.journal();
    expect(number).toBeGreaterThanOrEqual(25);
    expect(number / ((performance.now() - started) / 1_000)).toBeLessThan(30);
    expect(entries[0]).toMatchObject({ status: 201, outcome: 'answered', saved: { number: 1 } });
    const later: Journal = await load.journal(`?since=${entries[5].at}&path=/orders&last=2`);
    expect(later.entries).toHaveLength(2);
    expect(later.counts['POST /orders 201']).toBeGreaterThanOrEqual(entries.length - 5);
    expect(Date.parse(now)).toBeGreaterThan(Date.parse(entries[0].at));
  });

  it('remembers all of it after a kill, and goes on with new draws', async () => {
    const seen: string[] = [];
    const target = await serve((_, response, body) => {
      const { id } = JSON.parse(body) as { id: string };
      seen.push(id);
      response.writeHead(201).end(JSON.stringify({ number: seen.length }));
    });
    const load = await start(orders, target);
    await eventually(
      () => seen.length,
      (n) => n >= 10,
    );
    await load.signal('SIGKILL');
    const before = seen.length;
    const back = await load.again();
    running.push(back);
    await eventually(
      () => seen.length,
      (n) => n > before + 10,
    );
    const { entries, counts }: Journal = await back.journal();
    expect(seen.length).toBeGreaterThan(before);
    expect(new Set(seen).size).toBe(seen.length);
    const acknowledged = entries.filter((entry: Journal) => entry.status === 201);
    expect(acknowledged.length).toBe(counts['POST /orders 201']);
    // What was sent but not answered before the kill is there too, and open.
    const sent = new Set(entries.map((entry: Journal) => entry.json.id));
    for (const id of seen.slice(0, -2)) expect(sent.has(id)).toBe(true);
    for (const { json, saved } of acknowledged) expect(seen[saved.number - 1]).toBe(json.id);
  });

  it('gives up what takes too long, and never waits for more than twenty', async () => {
    const target = await serve(() => {});
    // As the load itself counts: what serves hears of an end later than of the next request.
    const openOf = ({ entries }: Journal) =>
      entries.filter((entry: Journal) => entry.outcome === 'open').length;
    const load = await start(orders.replace('5000', '2000'), target);
    const held = await eventually<Journal>(
      () => load.journal(),
      ({ entries }) => entries.some((entry: Journal) => entry.outcome === 'held-back'),
    );
    expect(openOf(held)).toBe(20);
    expect(held.entries.at(-1).outcome).toBe('held-back');
    const isTimeout = (entry: Journal) => entry.outcome === 'timeout';
    const later = await eventually<Journal>(
      () => load.journal(),
      ({ entries }) => entries.filter(isTimeout).length >= 15,
    );
    expect(openOf(later)).toBeLessThanOrEqual(20);
    const timed = later.entries.filter(isTimeout);
    expect(timed.length).toBeGreaterThanOrEqual(15);
    for (const { status, durationMs } of timed) {
      expect(status).toBe(0);
      expect(durationMs).toBeGreaterThanOrEqual(1_990);
    }
  });

  it('signs in, and again when its token is no good any more', async () => {
    let logins = 0;
    let good = '';
    const target = await serve((request, response) => {
      if (request.url === '/login') {
        logins += 1;
        good = `token-${logins}`;
        response.end(JSON.stringify({ access_token: good }));
      } else response.writeHead(request.headers.authorization === `Bearer ${good}` ? 200 : 401).end();
    });
    const text =
      'login: { path: /login, json: { user: u }, token: json.access_token }\nrequests: [{ path: /x }]';
    const load = await start(text, target, { RATE: '20' });
    const good200 = async () => ((await load.journal()) as Journal).counts['GET /x 200'] ?? 0;
    const before = await eventually(good200, (n) => n >= 3);
    good = 'revoked';
    expect(await eventually(good200, (n) => n > before + 3)).toBeGreaterThan(before + 3);
    expect(logins).toBe(2);
    expect(((await load.journal()) as Journal).counts['GET /x 401']).toBeGreaterThanOrEqual(1);
  });

  it('goes on while nobody is there, and lets nobody else read its journal', async () => {
    const load = await start(orders, 'http://127.0.0.1:1', { RATE: '20' });
    const { entries } = await eventually<Journal>(
      () => load.journal('?last=1'),
      (seen) => seen.entries[0]?.outcome === 'failed',
    );
    expect(entries).toMatchObject([{ outcome: 'failed', status: 0 }]);
    const control = `http://127.0.0.1:${load.controlPort}`;
    expect((await fetch(`${control}/health`)).status).toBe(200);
    expect((await fetch(`${control}/journal`)).status).toBe(401);
    const wrong = { authorization: `Bearer ${token}x` };
    expect((await fetch(`${control}/sent?key=id`, { headers: wrong })).status).toBe(401);
    await expect(startTraffic(orders, 'x', { RATE: '51' })).rejects.toThrow(/TARGET_URL[\s\S]*RATE/);
  });
});
