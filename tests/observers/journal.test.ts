import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCompiler } from '../../src/grading/expression/compile.ts';
import { prepareScope } from '../../src/grading/expression/prepared-scope.ts';
import type { LookContext, Value } from '../../src/grading/types.ts';
import type { ComponentAccess } from '../../src/lab/ports.ts';
import { journalObserver } from '../../src/observers/journal.ts';
import { observerKinds } from '../../src/observers/registry.ts';
import { observerContract } from '../contracts/observer-contract.ts';
import { filled, type RunningStub, startStub, token as stubToken } from '../stub/running-stub.ts';
import { lookContext, noRecords, testHandle } from '../support/handle.ts';
import { type LabDatabase, startLabDatabase } from '../support/lab-database.ts';
import { jsonReply } from '../support/misbehave.ts';

let stub: RunningStub;
let db: LabDatabase;
let context: LookContext;
const servers: Server[] = [];

/** A control port that answers by path. */
async function control(answer: (path: string) => Buffer | null): Promise<{ host: string; port: number }> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (head) => {
      const reply = answer(String(head).split(' ')[1] ?? '');
      if (reply !== null) socket.end(reply);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { host: '127.0.0.1', port: (server.address() as { port: number }).port };
}

const partner = (controlToken: string): ComponentAccess => ({
  kind: 'stub',
  url: stub.url,
  host: '127.0.0.1',
  port: stub.port,
  controlToken,
});

const at = (seconds: number) => new Date(Date.parse('2026-01-01T00:00:00Z') + seconds * 1_000).toISOString();
const sent = (key: string, seconds: number, amount: number, acknowledged = true) => ({
  at: at(seconds),
  key,
  acknowledged,
  sent: { amount },
});
const empty = { now: at(100), full: false, entries: [], calls: [], effects: [], counts: {} };

beforeAll(async () => {
  [stub, db] = await Promise.all([startStub(filled('partner.yaml')), startLabDatabase()]);
  await db.trainee(`
    create table orders (id text primary key, amount numeric);
    insert into orders values ('a', 1), ('c', 30), ('d', 4.0), ('x', 9), ('lost', 6)`);
  const load = await control((path) => {
    if (path.startsWith('/journal')) return jsonReply(empty);
    return path.includes('after=0')
      ? jsonReply({ sent: [sent('a', 1, 1), sent('b', 2, 2), sent('c', 3, 3)], next: 2_000 })
      : jsonReply({ sent: [sent('d', 4, 4), sent('e', 5, 5), sent('lost', 6, 6, false)], next: null });
  });
  let readings = 0;
  const lively = await control((path) => {
    if (path.startsWith('/journal')) return jsonReply(empty);
    readings += 1;
    const before = [sent('a', 1, 1), sent('c', 3, 30), sent('d', 4, 4), sent('lost', 6, 6, false)];
    return jsonReply({ sent: readings === 1 ? before : [...before, sent('x', 7, 9, false)], next: null });
  });
  context = lookContext(
    testHandle(
      {
        partner: partner(stubToken),
        stranger: partner('not the token of the partner'),
        gone: partner(stubToken),
        silent: partner(stubToken),
        full: partner(stubToken),
        huge: partner(stubToken),
        load: { kind: 'traffic', controlToken: stubToken },
        lively: { kind: 'traffic', controlToken: stubToken },
        database: db.access,
      },
      {
        control: {
          partner: { host: '127.0.0.1', port: stub.controlPort },
          stranger: { host: '127.0.0.1', port: stub.controlPort },
          gone: { host: '127.0.0.1', port: 1 },
          silent: await control(() => null),
          full: await control(() => jsonReply({ ...empty, full: true })),
          huge: await control(() => jsonReply({ ...empty, entries: ['x'.repeat(2 * 1024 * 1024)] })),
          load,
          lively,
        },
      },
    ),
  );
  const charge = (amount: number) =>
    fetch(`${stub.url}/charges`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ order: 'o', amount }),
    });
  await charge(1);
  await charge(2);
  await fetch(`${stub.url}/elsewhere`);
});

afterAll(async () => {
  for (const server of servers) server.close();
  await stub?.stop();
  await db?.stop();
});

async function observe(asked: object, more: Partial<LookContext> = {}) {
  return journalObserver.observe(
    journalObserver.spec.parse(asked),
    { ...context, ...more },
    AbortSignal.timeout(30_000),
  );
}

async function seen(
  asked: object,
  more: Partial<LookContext> = {},
): Promise<{ readonly [key: string]: Value }> {
  const found = await observe(asked, more);
  if (found.outcome !== 'seen') throw new Error(`${found.problem}: ${found.internal}`);
  return found.value as { readonly [key: string]: Value };
}

describe('journal', () => {
  observerContract({
    kind: observerKinds().get('journal') ?? journalObserver,
    good: () => ({ spec: { component: 'partner' }, context }),
    hostile: {
      'has a journal that is full': () => ({ spec: { component: 'full' }, context }),
      'has a journal that is too large': () => ({ spec: { component: 'huge' }, context }),
    },
    endless: () => ({ spec: { component: 'silent' }, context }),
    secrets: () => [stubToken],
  });

  it('shows requests, and only those of a path', async () => {
    const all = await seen({ component: 'partner' });
    expect(all.counts).toEqual({ 'POST /charges 401': 2, 'GET /elsewhere 404': 1 });
    const some = await seen({ component: 'partner', path: '/charges', last: 1 });
    expect(some.counts).toEqual({ 'POST /charges 401': 2 });
    expect(some.entries).toMatchObject([{ route: 'POST /charges', status: 401, at: expect.any(Date) }]);
  });

  it('shows what came since a moment, a step or a fault', async () => {
    const { now } = await seen({ component: 'partner' });
    const later = now as Date;
    const earlier = new Date(later.getTime() - 60_000);
    const events = { drill: { at: earlier, done: null }, waiting: { at: null, done: null } };
    const count = async (since: string, more = {}) =>
      (
        (await seen({ component: 'partner', since }, { records: { ...noRecords, events, ...more } }))
          .entries as []
      ).length;
    expect(await count(earlier.toISOString())).toBe(3);
    expect(await count(later.toISOString())).toBe(0);
    expect(await count('drill')).toBe(3);
    expect(await count('step', { stepStartedAt: earlier })).toBe(3);
    expect(await count('step', { stepStartedAt: later })).toBe(0);
    const waiting = await observe(
      { component: 'partner', since: 'waiting' },
      { records: { ...noRecords, events } },
    );
    expect(waiting).toMatchObject({ outcome: 'unseen', problem: 'missing' });
    const asked = journalObserver.spec.parse({ component: 'partner', since: 'drill' });
    expect(journalObserver.faults?.(asked)).toEqual(['drill']);
    const filledIn = journalObserver.spec.parse({ component: 'partner', since: '{{observed.a.now}}' });
    expect(journalObserver.faults?.(filledIn)).toEqual([]);
  });

  it('never blames the trainee for a partner of ours that fails', async () => {
    for (const component of ['gone', 'stranger'])
      expect(await observe({ component })).toMatchObject({ outcome: 'unseen', problem: 'backend_down' });
    expect(await observe({ component: 'full' })).toMatchObject({ outcome: 'unseen', problem: 'oversized' });
    expect(await observe({ component: 'huge' })).toMatchObject({ outcome: 'unseen', problem: 'oversized' });
  });

  it('holds what was acknowledged against a table', async () => {
    const compareWith = { component: 'database', table: 'orders', key: 'id', columns: ['amount'] };
    const { acknowledged, matched, missing, holes, unknown, different, newestMatchedAt } = await seen({
      component: 'load',
      compareWith,
    });
    expect({ acknowledged, matched, missing, holes, unknown, different }).toEqual({
      acknowledged: 5,
      matched: 3,
      missing: 2,
      // b is older than d, which is there; e may have been too late for a backup.
      holes: 1,
      // x was never sent; what was sent without an answer may be there.
      unknown: 1,
      // c has another amount; 4.0 is 4.
      different: 1,
    });
    expect(newestMatchedAt).toEqual(new Date(at(4)));
    const part = await seen({
      component: 'load',
      since: at(2),
      compareWith: { ...compareWith, until: at(4) },
    });
    expect(part).toMatchObject({
      acknowledged: 2,
      matched: 1,
      missing: 1,
      holes: 1,
      unknown: 1,
      different: 1,
    });
    const none = await seen({ component: 'load', compareWith: { ...compareWith, until: at(0) } });
    expect(none).toMatchObject({ acknowledged: 0, missing: 0, newestMatchedAt: null });
    const absent = await observe({ component: 'load', compareWith: { ...compareWith, table: 'dropped' } });
    expect(absent).toMatchObject({ outcome: 'unseen', problem: 'missing' });
  });

  it('knows what was sent while the table was read', async () => {
    const compareWith = { component: 'database', table: 'orders', key: 'id', columns: ['amount'] };
    expect(await seen({ component: 'lively', compareWith })).toMatchObject({ acknowledged: 3, unknown: 0 });
  });

  it.each([
    'books.entries.all(e, e.status == 401 || e.route == "GET /elsewhere")',
    'books.effects.all(e, e.count == 1)',
    'books.calls.all(c, c.gapsMs.size() < 2 || c.gapsMs[c.gapsMs.size() - 1] >= c.gapsMs[0] * 1.5)',
    'books.entries.all(e, !has(e.retryAfterMs) || !has(e.nextAfterMs) || e.nextAfterMs >= e.retryAfterMs)',
    "books.counts['POST /charges 401'] == 2",
    'books.entries[0].at <= books.now',
    'books.entries.exists(e, !has(e.effect) && e.json.amount == 1)',
  ])('is read by %s', async (source) => {
    const asked = journalObserver.spec.parse({ component: 'partner' });
    const compiled = createCompiler().compile(source, { books: journalObserver.resultType(asked) });
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
    const books = await seen({ component: 'partner' });
    expect(compiled.expression.evaluate(prepareScope({ books }))).toEqual({ kind: 'value', value: true });
  });
});
