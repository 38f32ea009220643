/** Events that the partner sends: are they genuine, were they here before, and what do they change? */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type pg from 'pg';

const oldestSeconds = 300;

/**
 * Whether the partner has signed exactly this body, at most five minutes ago.
 * @param header the value of `Partner-Signature`; undefined when there was none.
 * @param body exactly as it came.
 */
export function isGenuine(header: string | undefined, body: string, secret: string, now: Date): boolean {
  const [, time, given] = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header ?? '') ?? [];
  if (time === undefined || given === undefined) return false;
  const age = now.getTime() / 1000 - Number(time);
  if (Math.abs(age) > oldestSeconds) return false;
  const expected = createHmac('sha256', secret).update(`${time}.${body}`).digest();
  return timingSafeEqual(expected, Buffer.from(given, 'hex'));
}

interface Event {
  readonly id: string;
  readonly type: string;
  readonly sequence: number;
  readonly order: string;
}

const statuses: Readonly<Record<string, string>> = {
  'charge.pending': 'pending',
  'charge.settled': 'settled',
  'charge.disputed': 'disputed',
};

/**
 * Refuses what is not genuine, and applies each event once.
 * @returns the status to answer with: below 300 once the event is safe with us, however often it came.
 */
export async function receiveEvent(
  { pool, secret }: { readonly pool: pg.Pool; readonly secret: string },
  signature: string | undefined,
  body: string,
): Promise<number> {
  if (!isGenuine(signature, body, secret, new Date())) return 401;
  const event = JSON.parse(body) as Event;
  const client = await pool.connect();
  try {
    await client.query('begin');
    const seen = await client.query('insert into seen_events (id) values ($1) on conflict do nothing', [
      event.id,
    ]);
    if (seen.rowCount === 1) await apply(client, event);
    await client.query('commit');
    return 204;
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  } finally {
    client.release();
  }
}

async function apply(client: pg.PoolClient, { id, type, sequence, order }: Event): Promise<void> {
  const status = statuses[type];
  if (status === undefined) return;
  await client.query(
    'update orders set status = $2, last_sequence = $3 where id = $1 and last_sequence < $3',
    [order, status, sequence],
  );
  if (type !== 'charge.settled') return;
  await client.query('insert into settlements (order_id, event_id) values ($1, $2)', [order, id]);
}
