import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Observation } from '../../src/grading/types.ts';
import { createFiller } from '../../src/grading/values/fill.ts';
import { httpObserver } from '../../src/observers/http.ts';
import { openTokens } from '../../src/sample-api/shared/tokens.ts';
import { lookContext, testHandle } from '../support/handle.ts';
import { type BareServer, bareServer, jsonReply, reply } from '../support/misbehave.ts';

let fast: BareServer;
let slow: BareServer;
/** Which of the two was asked, in order. */
let asked: string[] = [];

beforeAll(async () => {
  fast = await bareServer((socket, head) => {
    asked.push('fast');
    const path = head.split(' ')[1] ?? '';
    if (path === '/failing') socket.end(reply('503 Service Unavailable', {}));
    else if (path === '/half') socket.end(reply(asked.length % 2 === 0 ? '200 OK' : '429 Too Many', {}));
    else if (path === '/gone') socket.resetAndDestroy();
    else socket.end(jsonReply({ ok: true }));
  });
  slow = await bareServer(async (socket) => {
    asked.push('slow');
    await sleep(20);
    socket.end(jsonReply({ ok: true }));
  });
});
afterAll(async () => {
  await fast.stop();
  await slow.stop();
});

const scope = { params: { name: 'A & B' }, attempt: { secret: 'k' } };

function context(server: BareServer) {
  const { host, port, url } = server.access;
  const service = { kind: 'service', url, host, port } as const;
  const fill = createFiller(scope, { missing: 'throw' });
  return lookContext(testHandle({ api: server.access, hook: service, closed: { ...service, port: 1 } }), {
    fill,
  });
}

function ask(spec: object): Promise<Observation> {
  const parsed = httpObserver.spec.parse({ component: 'api', path: '/', ...spec });
  return httpObserver.observe(parsed, context(fast), AbortSignal.timeout(30_000));
}

const head = () => fast.heads.at(-1) ?? '';
const bearer = () => /authorization: Bearer (\S+)/.exec(head())?.[1] ?? '';

describe('requests of a look', () => {
  it('reach a service as well as an API, but only an API has accounts', async () => {
    expect(await ask({ component: 'hook' })).toMatchObject({ value: { status: 200, json: { ok: true } } });
    const kinds = (auth: unknown) =>
      httpObserver.components(httpObserver.spec.parse({ component: 'api', path: '/', auth }))[0]?.kinds;
    expect(kinds('none')).toEqual(['sample-api', 'service', 'stub']);
    expect(kinds('trainee')).toEqual(['sample-api']);
    expect(kinds({ claims: {} })).toEqual(['sample-api']);
  });

  it('have a form, a text or JSON as their body, each filled, and only one of them', async () => {
    await ask({ method: 'POST', form: { name: '{{params.name}}', b: '2' } });
    expect(head()).toMatch(/content-type: application\/x-www-form-urlencoded\r\n/);
    expect(head()).toMatch(/\r\n\r\nname=A\+%26\+B&b=2$/);
    await ask({ method: 'POST', body: '<a>{{params.name}}</a>', headers: { 'content-type': 'text/xml' } });
    expect(head()).toMatch(/content-type: text\/xml\r\n/);
    expect(head()).toMatch(/\r\n\r\n<a>A & B<\/a>$/);
    const both = { component: 'api', path: '/', json: {}, body: '' };
    expect(httpObserver.spec.safeParse(both).success).toBe(false);
  });

  it('sign their body with a secret of the attempt', async () => {
    const sign = {
      hmac: 'sha256',
      secret: '{{attempt.secret}}',
      header: 'X-Signature',
      format: 'sha256={{hex}}',
    };
    await ask({ method: 'POST', body: 'hello', sign });
    // printf hello | openssl dgst -sha256 -hmac k
    expect(head()).toContain(
      'x-signature: sha256=406e4b43f87095aa86ca6299d25e875921fefa180f02043bb29bec5681c0c2d0',
    );
    expect(httpObserver.ownRoots?.sign).toContain('body');
  });
});

describe('tokens of a look', () => {
  const verify = (token: string, secret = fast.access.jwtSecret) => openTokens(secret).verify(token);
  const other = '7d0a1f0e-0000-4000-8000-0000000000bb';

  it("are another tenant's when asked, accepted by the API, and still the grader's", async () => {
    await ask({ auth: { claims: { tenant_id: other, permissions: ['customers:delete'] } } });
    expect(await verify(bearer())).toMatchObject({
      tenantId: other,
      permissions: ['customers:delete'],
      userId: fast.access.account.id,
      act: 'grader',
    });
  });

  it('are forged when asked, and not accepted', async () => {
    await ask({ auth: { claims: { alg: 'none' } } });
    await expect(verify(bearer())).rejects.toThrow();
    expect(bearer()).toMatch(/^[\w-]+\.[\w-]+\.$/);
    await ask({ auth: { claims: { secret: 'another-key-that-is-long-enough-for-hs256' } } });
    await expect(verify(bearer())).rejects.toThrow('signature');
    await ask({ auth: { claims: { expiresIn: '-1h' } } });
    await expect(verify(bearer())).rejects.toThrow('expired');
    await ask({ auth: { bearer: '{{attempt.secret}}' } });
    expect(bearer()).toBe('k');
  });
});

describe('many requests', () => {
  it('are measured without the warming up, and counted by status', async () => {
    asked = [];
    const seen = await ask({ repeat: { requests: 40, concurrency: 4, warmup: 5 } });
    expect(asked.length).toBe(45);
    expect(seen).toMatchObject({ value: { count: 40, errors: 0, statuses: { 200: 40 } } });
    const { p50, p95, rps } = (seen as Observation & { value: Record<string, number> }).value;
    expect(p50).toBeGreaterThan(0);
    expect(p95).toBeGreaterThanOrEqual(p50 ?? 0);
    expect(rps).toBeGreaterThan(10);
  });

  it('tell refusals from answers', async () => {
    expect(await ask({ path: '/failing', repeat: { requests: 10 } })).toMatchObject({
      value: { count: 10, errors: 10, statuses: { 503: 10 } },
    });
    asked = [];
    expect(await ask({ path: '/half', repeat: { requests: 10 } })).toMatchObject({
      value: { count: 10, errors: 5, statuses: { 200: 5, 429: 5 } },
    });
    expect(await ask({ path: '/gone', repeat: { requests: 10 } })).toMatchObject({ problem: 'refused' });
    const warmed = { requests: 10, warmup: 60, concurrency: 20 };
    expect(await ask({ path: '/gone', repeat: warmed })).toMatchObject({ problem: 'refused' });
    expect(await ask({ component: 'closed', repeat: { requests: 10 } })).toMatchObject({
      problem: 'backend_down',
    });
  });

  it('are bounded', () => {
    const of = (repeat: object) =>
      httpObserver.spec.safeParse({ component: 'api', path: '/', repeat }).success;
    expect(of({ requests: 2_000, concurrency: 20 })).toBe(true);
    expect(of({ requests: 2_001 })).toBe(false);
    expect(of({ requests: 1, concurrency: 21 })).toBe(false);
  });

  it('go to two targets in turns, and each is told of its own', async () => {
    asked = [];
    const spec = httpObserver.spec.parse({
      component: 'api',
      path: '/',
      repeat: { requests: 80, concurrency: 2 },
    });
    const both = await httpObserver.observeBeside?.(
      spec,
      [context(fast), context(slow)],
      AbortSignal.timeout(30_000),
    );
    const [first, second] = (both ?? []) as (Observation & { value: Record<string, number> })[];
    expect(first?.value).toMatchObject({ count: 80, errors: 0 });
    expect(second?.value).toMatchObject({ count: 80, errors: 0 });
    expect((second?.value.p50 ?? 0) - (first?.value.p50 ?? 0)).toBeGreaterThan(8);
    const changes = asked.filter((name, at) => at > 0 && asked[at - 1] !== name).length;
    expect(changes).toBeGreaterThanOrEqual(4);
    // Who came first in one round comes second in the next.
    expect(asked.slice(0, 20)).not.toContain('slow');
    expect(asked.slice(20, 60)).not.toContain('fast');
  });

  it('of which one target never answers fail for that one alone', async () => {
    const spec = httpObserver.spec.parse({ component: 'api', path: '/gone', repeat: { requests: 20 } });
    const both = await httpObserver.observeBeside?.(
      spec,
      [context(fast), context(slow)],
      AbortSignal.timeout(30_000),
    );
    expect(both).toMatchObject([
      { outcome: 'unseen', problem: 'refused' },
      { outcome: 'seen', value: { count: 20 } },
    ]);
  });
});
