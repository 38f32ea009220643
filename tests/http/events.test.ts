import { get as httpGet, type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { result } from './sample-version.ts';
import { client, startWorld, type World } from './world.ts';

let world: World;
let base = '';
let polls = 0;

beforeAll(async () => {
  world = await startWorld();
  const { eventsSince } = world.store;
  world.store.eventsSince = (after, limit) => {
    polls++;
    return eventsSince(after, limit);
  };
  await world.app.listen({ port: 0, host: '127.0.0.1' });
  base = `http://127.0.0.1:${(world.app.server.address() as { port: number }).port}/api/v1`;
});
afterAll(() => world.stop());

interface Received {
  readonly id: number;
  readonly event: string;
  readonly data: { seq: number; type: string; data: Record<string, unknown> };
}

async function person(role: 'trainee' | 'instructor', name: string) {
  const token = await world.token(role, name);
  return { token, call: client(world.app, token) };
}

/** Reads a stream until `enough`, or its end; then leaves. */
async function read(
  path: string,
  token: string,
  enough: (events: readonly Received[]) => boolean,
  headers: Record<string, string> = {},
): Promise<{ status: number; events: Received[]; ended: boolean }> {
  const leave = new AbortController();
  const response = await fetch(base + path, {
    headers: { authorization: `Bearer ${token}`, ...headers },
    signal: leave.signal,
  });
  const events: Received[] = [];
  if (response.body === null) return { status: response.status, events, ended: true };
  let buffer = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    buffer += chunk;
    const blocks = buffer.split('\n\n');
    buffer = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2)));
      if (fields.id === undefined) continue;
      events.push({ id: Number(fields.id), event: fields.event, data: JSON.parse(fields.data) });
    }
    if (enough(events)) {
      leave.abort();
      return { status: response.status, events, ended: false };
    }
  }
  return { status: response.status, events, ended: true };
}

const upTo = (n: number) => (events: readonly Received[]) => events.length >= n;
const never = () => false;

describe('event streams', () => {
  it('tell a lab’s life in order and end with it', async () => {
    const { token, call } = await person('trainee', 'ann');
    const { json: lab } = await call('POST', '/labs', { template: 'first-steps' });
    const whole = read(`/labs/${lab.id}/events`, token, never);
    await world.makeReady(lab.id);
    await call('DELETE', `/labs/${lab.id}`);
    await world.terminate(lab.id);
    const { events, ended } = await whole;
    expect(ended).toBe(true);
    expect(events.map((one) => one.id)).toEqual([1, 2, 3, 4, 5]);
    expect(events.map((one) => one.event)).toEqual([
      'lab.requested',
      'lab.provisioning',
      'lab.ready',
      'lab.terminating',
      'lab.terminated',
    ]);
    const rest = await read(`/labs/${lab.id}/events`, token, never, { 'last-event-id': '3' });
    expect(rest.events.map((one) => one.id)).toEqual([4, 5]);
    expect((await read(`/labs/${lab.id}/events`, token, never, { 'last-event-id': '5' })).status).toBe(204);
  });

  it('resume without gaps or doubles, however often the connection breaks', async () => {
    const { token, call } = await person('trainee', 'bea');
    const { json: lab } = await call('POST', '/labs', { template: 'first-steps' });
    const total = 301;
    const writing = (async () => {
      for (let i = 1; i < total; i++) {
        await world.store.appendEvents(lab.id, [{ type: 'component.running', data: { component: `c${i}` } }]);
      }
    })();
    const seen: number[] = [];
    for (let round = 0; seen.length < total; round++) {
      const last = seen.at(-1) ?? 0;
      const byHeader = round % 2 === 0;
      const path = `/labs/${lab.id}/events${byHeader ? '?after=0' : `?after=${last}`}`;
      const { events } = await read(
        path,
        token,
        (got) => got.length >= 1 + ((round * 37) % 60) || seen.length + got.length >= total,
        byHeader ? { 'last-event-id': String(last) } : {},
      );
      seen.push(...events.map((one) => one.id));
    }
    await writing;
    expect(seen).toEqual(Array.from({ length: total }, (_, i) => i + 1));
  });

  it('of many readers of many labs cost one query a tick', async () => {
    const { call, token } = await person('instructor', 'teacher');
    const labs: string[] = [];
    for (let i = 0; i < 4; i++) {
      const body = { template: 'first-steps', trainee: `many-${i}` };
      labs.push((await call('POST', '/labs', body)).json.id);
    }
    const marked = (events: readonly Received[]) => events.some((one) => one.event === 'lab.reset');
    const readers = labs.flatMap((id) =>
      Array.from({ length: 10 }, () => read(`/labs/${id}/events`, token, marked)),
    );
    await new Promise((resolve) => setTimeout(resolve, 600));
    polls = 0;
    const begun = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const ticks = (performance.now() - begun) / 250;
    expect(polls).toBeGreaterThan(0);
    expect(polls).toBeLessThanOrEqual(Math.ceil(ticks) + 1);
    for (const id of labs) await world.store.appendEvents(id, [{ type: 'lab.reset', data: {} }]);
    for (const { events } of await Promise.all(readers)) {
      expect(events.map((one) => one.id)).toEqual([1, 2]);
    }
    await new Promise((resolve) => setTimeout(resolve, 600));
    polls = 0;
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(polls).toBe(0);
  });

  it('tell a trainee no verdict that is kept back, and an instructor all of it', async () => {
    const { token, call } = await person('trainee', 'cleo');
    const teacher = await person('instructor', 'teacher');
    const { json: lab } = await call('POST', '/labs', { template: 'first-steps' });
    await world.makeReady(lab.id);
    await world.store.appendEvents(lab.id, [
      { type: 'lab.error', data: { code: 'start_failed', message: 'INTERNAL-TEXT', failures: 1 } },
    ]);
    await call('POST', `/labs/${lab.id}/attempts`);
    await world.grade(lab.id, [result('open', 'pass', 10, 10), result('after-submit', 'fail', 2, 7)]);
    const enough = (events: readonly Received[]) => events.some((one) => one.event === 'attempt.finished');
    const mine = (await read(`/labs/${lab.id}/events`, token, enough)).events;
    const judged = (events: readonly Received[]) =>
      events.filter((one) => one.event === 'check.judged').map((one) => one.data.data);
    expect(judged(mine)).toEqual([
      { attempt: 1, check: 'open', verdict: 'pass', points: 10 },
      { attempt: 1, check: 'after-submit' },
    ]);
    expect(mine.at(-1)?.data.data).not.toHaveProperty('points');
    expect(JSON.stringify(mine)).not.toContain('INTERNAL-TEXT');
    const theirs = (await read(`/labs/${lab.id}/events`, teacher.token, enough)).events;
    expect(judged(theirs)[1]).toMatchObject({ verdict: 'fail', points: 2 });
    expect(JSON.stringify(theirs)).toContain('INTERNAL-TEXT');
  });

  it('refuse a number that no event can have, which would fail the one query of all streams', async () => {
    const { token, call } = await person('trainee', 'far');
    const { json: lab } = await call('POST', '/labs', { template: 'first-steps' });
    const beyond = await read(`/labs/${lab.id}/events?after=2147483648`, token, never);
    expect(beyond.status).toBe(422);
    const most = { 'last-event-id': '2147483648' };
    expect((await read(`/labs/${lab.id}/events`, token, never, most)).status).toBe(422);
  });

  it('of a reader that is behind wait in the database, not in memory, and none is lost', async () => {
    const { token, call } = await person('trainee', 'slow');
    const { json: lab } = await call('POST', '/labs', { template: 'first-steps' });
    const { eventsSince } = world.store;
    let fetched = 0;
    world.store.eventsSince = async (after, limit) => {
      const events = await eventsSince(after, limit);
      fetched += events.length;
      return events;
    };
    const url = `${base}/labs/${lab.id}/events`;
    const request = httpGet(url, { headers: { authorization: `Bearer ${token}` } });
    const response = await new Promise<IncomingMessage>((resolve) => request.on('response', resolve));
    const filler = 'x'.repeat(500_000);
    const total = 41;
    for (let i = 1; i < total; i++) {
      await world.store.appendEvents(lab.id, [{ type: 'component.broken', data: { detail: filler } }]);
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(fetched).toBeLessThan(total);
    const ids: number[] = [];
    let rest = '';
    for await (const chunk of response.setEncoding('latin1')) {
      const blocks = (rest + chunk).split('\n\n');
      rest = blocks.pop() ?? '';
      ids.push(...blocks.flatMap((block) => /^id: (\d+)/.exec(block)?.[1] ?? []).map(Number));
      if (ids.length >= total) break;
    }
    request.destroy();
    world.store.eventsSince = eventsSince;
    expect(ids).toEqual(Array.from({ length: total }, (_, i) => i + 1));
    expect(fetched).toBe(total);
  });

  it('of one person are limited, and closed ones make room', async () => {
    const { token, call } = await person('trainee', 'greedy');
    const { json: lab } = await call('POST', '/labs', { template: 'first-steps' });
    const leave = new AbortController();
    const open = () =>
      fetch(`${base}/labs/${lab.id}/events`, {
        headers: { authorization: `Bearer ${token}` },
        signal: leave.signal,
      });
    const streams = await Promise.all(Array.from({ length: 50 }, open));
    expect(new Set(streams.map((one) => one.status))).toEqual(new Set([200]));
    const refused = await call('GET', `/labs/${lab.id}/events`);
    expect(refused.status).toBe(429);
    expect(refused.headers['retry-after']).toBe('5');
    leave.abort();
    await expect
      .poll(async () => (await read(`/labs/${lab.id}/events`, token, upTo(1))).status, { timeout: 5_000 })
      .toBe(200);
  });

  it('survive an outage of the database and catch up', async () => {
    const { token, call } = await person('trainee', 'dana');
    const { json: lab } = await call('POST', '/labs', { template: 'first-steps' });
    const { eventsSince } = world.store;
    const reading = read(`/labs/${lab.id}/events`, token, upTo(2));
    let failures = 0;
    world.store.eventsSince = async () => {
      failures++;
      throw new Error('down');
    };
    await world.store.appendEvents(lab.id, [{ type: 'lab.reset', data: {} }]);
    await expect.poll(() => failures, { timeout: 5_000 }).toBeGreaterThan(0);
    world.store.eventsSince = eventsSince;
    expect((await reading).events.map((one) => one.id)).toEqual([1, 2]);
  });

  it('end when the server stops, and do not keep it from stopping', async () => {
    const other = await startWorld();
    await other.app.listen({ port: 0, host: '127.0.0.1' });
    const token = await other.token('trainee', 'ann');
    const { json: lab } = await client(other.app, token)('POST', '/labs', { template: 'first-steps' });
    const { port } = other.app.server.address() as { port: number };
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/labs/${lab.id}/events`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const text = response.text();
    const begun = performance.now();
    await other.app.close();
    expect(performance.now() - begun).toBeLessThan(3_000);
    expect(await text).toContain('retry: 1000');
    await other.stop();
  });
});

describe('an event stream whose token is revoked', () => {
  it('ends with the next heartbeat', async () => {
    const fast = await startWorld({
      deps: { clock: { sleep: (ms, signal) => delay(ms / 50, undefined, { signal }) } },
    });
    try {
      await fast.app.listen({ port: 0, host: '127.0.0.1' });
      const { port } = fast.app.server.address() as { port: number };
      const admin = client(fast.app, await fast.token('admin', 'root'));
      const { token, id } = (await admin('POST', '/tokens', { subject: 'ann' })).json;
      const { json: lab } = await client(fast.app, token)('POST', '/labs', { template: 'first-steps' });
      const response = await fetch(`http://127.0.0.1:${port}/api/v1/labs/${lab.id}/events`, {
        headers: { authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(10_000),
      });
      let text = '';
      let revoked = false;
      for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        text += chunk;
        if (revoked || !text.includes('still here')) continue;
        revoked = true;
        await admin('DELETE', `/tokens/${id}`);
      }
      expect(revoked).toBe(true);
    } finally {
      await fast.stop();
    }
  });
});
