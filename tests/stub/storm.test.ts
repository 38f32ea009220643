import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { type PaymentClient, paymentClient } from './payment-client.ts';
import { filled, type Journal, type RunningStub, startStub } from './running-stub.ts';

const running: RunningStub[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});

async function start(): Promise<RunningStub> {
  const one = await startStub(filled('partner.yaml'));
  running.push(one);
  return one;
}

const amounts = Array.from({ length: 20 }, (_, n) => n + 1);

/** Twenty orders at once, of 1 to 20. */
function chargeAll(client: PaymentClient) {
  return Promise.all(amounts.map((amount) => client.charge({ id: randomUUID(), amount })));
}

/** What was done to each amount, in order. */
function treatment(journal: Journal): Record<string, string[]> {
  const done: Record<string, string[]> = {};
  for (const { json, status, outcome } of journal.entries) {
    const tries = done[json.amount] ?? [];
    tries.push(`${outcome} ${status}`);
    done[json.amount] = tries;
  }
  return done;
}

async function storm(seed: number): Promise<Journal> {
  const stub = await start();
  expect((await stub.control('PUT', '/mood', { mood: 'storm', seed })).status).toBe(200);
  const results = await chargeAll(paymentClient({ url: stub.url }));
  expect(results.filter((result) => result === 'charged')).toHaveLength(19);
  expect(results[12]).toBe(422);
  return (await stub.control('GET', '/journal?path=/charges')).json;
}

describe('a storm', () => {
  it('lets a correct client charge each order exactly once, and tells what it did', async () => {
    const books = await storm(7);
    expect(books.effects).toHaveLength(19);
    expect(books.effects.every((effect: Journal) => effect.count === 1)).toBe(true);
    expect(books.entries.filter((entry: Journal) => entry.status === 422)).toHaveLength(1);
    expect(books.counts['POST /charges 422']).toBe(1);
    const outcomes = new Set(books.entries.map((entry: Journal) => entry.outcome));
    expect([...outcomes].sort()).toEqual(['answered', 'disturbed', 'refused', 'replayed', 'reset', 'silent']);
    const asked = books.entries.filter((entry: Journal) => entry.retryAfterMs !== undefined);
    expect(asked.length).toBeGreaterThan(0);
    for (const entry of asked) expect(entry.nextAfterMs).toBeGreaterThanOrEqual(entry.retryAfterMs);
    expect(books.calls).toHaveLength(20);
    expect(Math.max(...books.calls.map((call: Journal) => call.count))).toBeLessThanOrEqual(4);
    for (const call of books.calls) expect(call.gapsMs).toHaveLength(call.count - 1);
  });

  it('is the same again from the same seed, and another from another', async () => {
    const [first, second, other] = await Promise.all([storm(7), storm(7), storm(8)]);
    expect(treatment(second)).toEqual(treatment(first));
    expect(treatment(other)).not.toEqual(treatment(first));
  });

  it('shows a client that makes a new key at each try what it has done', async () => {
    const stub = await start();
    await stub.control('PUT', '/mood', { mood: 'storm', seed: 7 });
    await chargeAll(paymentClient({ url: stub.url, keyPerOrder: false }));
    const { json } = await stub.control('GET', '/journal?path=/charges');
    expect(json.effects.filter((effect: Journal) => effect.count > 1).length).toBeGreaterThan(0);
  });

  it('goes on where it was after a kill, and forgets no charge', async () => {
    const stub = await start();
    await stub.control('PUT', '/mood', { mood: 'storm', seed: 7 });
    const before = paymentClient({ url: stub.url });
    const orders = amounts.map((amount) => ({ id: randomUUID(), amount }));
    const cut = Promise.all(orders.slice(0, 10).map((order) => before.charge(order)));
    await cut;
    await stub.signal('SIGKILL');
    const back = await stub.again();
    running.push(back);
    const after = paymentClient({ url: back.url });
    const results = await Promise.all(orders.map((order) => after.charge(order)));
    expect(results.filter((result) => result === 'charged')).toHaveLength(19);
    const { json } = await back.control('GET', '/journal?path=/charges');
    expect(json.effects).toHaveLength(19);
    expect(json.effects.every((effect: Journal) => effect.count === 1)).toBe(true);
    // The ten that were through before are disturbed no more than the mood's bound, over both lives.
    const struck = Object.values(treatment(json)).map(
      (tries) => tries.filter((one) => /disturbed|silent|reset/.test(one)).length,
    );
    expect(Math.max(...struck)).toBeLessThanOrEqual(3);
  });
});
