/** Against a partner of our own: what is sent to it, and what of its messages is believed. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { createPartner } from '../src/partner.ts';
import { createTokens } from '../src/token.ts';
import { isGenuine } from '../src/webhook.ts';

interface Seen {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Answers with these statuses in turn; what it was asked is in `seen`. */
async function fakePartner(t: TestContext, ...statuses: number[]) {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const isToken = request.url === '/oauth/token';
    if (!isToken) seen.push({ url: request.url ?? '', headers: request.headers, body });
    response.writeHead(isToken ? 200 : (statuses.shift() ?? 201), { 'retry-after': '3' });
    response.end(
      JSON.stringify(isToken ? { access_token: `t${seen.length}`, expires_in: 60 } : { error: 'no' }),
    );
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const partnerUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const tokens = createTokens({ partnerUrl, clientId: 'id', clientSecret: 'secret' });
  return { partner: createPartner({ partnerUrl }, tokens), seen };
}

const order = { id: '3f1e1f0a-0000-4000-8000-000000000001', amount: 12.5, card: 'card_visa' };

describe('a charge', () => {
  test('has the same idempotency key each time, and another one for another order', async (t) => {
    const { partner, seen } = await fakePartner(t, 503, 201, 201);
    await partner.charge(order);
    await partner.charge(order);
    await partner.charge({ ...order, id: '3f1e1f0a-0000-4000-8000-000000000002' });
    const [first, second, other] = seen.map(({ headers }) => headers['idempotency-key']);
    assert.ok(first);
    assert.equal(second, first);
    assert.notEqual(other, first);
  });

  test('is to be tried later when the partner says so, and for good when it refuses', async (t) => {
    const { partner } = await fakePartner(t, 429, 503, 422, 201);
    assert.partialDeepStrictEqual(await partner.charge(order), { outcome: 'later', retryAfterMs: 3_000 });
    assert.equal((await partner.charge(order)).outcome, 'later');
    assert.equal((await partner.charge(order)).outcome, 'refused');
    assert.equal((await partner.charge(order)).outcome, 'charged');
  });
});

describe('a signature', () => {
  const secret = 'whsec_test';
  const now = new Date('2026-01-02T03:04:05Z');
  const body = '{ "id": "evt_1" }';
  const sign = (over: string, time = now.getTime() / 1000, by = secret) =>
    `t=${time},v1=${createHmac('sha256', by).update(`${time}.${over}`).digest('hex')}`;

  test('is good for its own body, secret and time', () => {
    assert.equal(isGenuine(sign(body), body, secret, now), true);
    assert.equal(isGenuine(sign(body, now.getTime() / 1000 - 200), body, secret, now), true);
  });

  test('is no good for another body, by another secret, or when it is missing', () => {
    assert.equal(isGenuine(sign('{ "id": "evt_2" }'), body, secret, now), false);
    assert.equal(isGenuine(sign(body, undefined, 'another'), body, secret, now), false);
    assert.equal(isGenuine(undefined, body, secret, now), false);
    assert.equal(isGenuine('t=1,v1=00', body, secret, now), false);
  });

  test('is no good when it is old', () => {
    const old = now.getTime() / 1000 - 900;
    assert.equal(isGenuine(sign(body, old), body, secret, now), false);
  });
});
