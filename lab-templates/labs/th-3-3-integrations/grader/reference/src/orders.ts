/**
 * Takes orders from the table to the partner, and writes down what became of them. A plain loop: how often an order was
 * tried and when it is due again stand in its row, so a service that was killed goes on where it was.
 */
import type pg from 'pg';
import { log } from './log.ts';
import type { Answer, Partner } from './partner.ts';

const lookEveryMs = 100;
const atOnce = 30;
const firstWaitMs = 200;
const longestWaitMs = 60_000;

interface Due {
  readonly id: string;
  readonly amount: number;
  readonly card: string;
  readonly tries: number;
}

export function startOrders(
  pool: pg.Pool,
  partner: Partner,
  _settings: { readonly databaseUrl: string },
): () => Promise<void> {
  const underWay = new Map<string, Promise<void>>();
  let isLooking = false;

  async function look(): Promise<void> {
    const { rows } = await pool.query<Due>(
      `select id, amount::float8 as amount, card, tries from orders
       where status = 'new' and due_at <= now() and id <> all ($1) order by due_at limit $2`,
      [[...underWay.keys()], Math.max(0, atOnce - underWay.size)],
    );
    for (const order of rows) {
      const trying = tryOnce(order)
        .catch((error) => log(`order ${order.id}`, error))
        .finally(() => underWay.delete(order.id));
      underWay.set(order.id, trying);
    }
  }

  async function tryOnce(order: Due): Promise<void> {
    const answer = await partner.charge(order);
    if (answer.outcome === 'charged') {
      await pool.query(`update orders set status = 'charged' where id = $1 and status = 'new'`, [order.id]);
    } else if (answer.outcome === 'refused') {
      // One statement: both or neither.
      await pool.query(
        `with gone as (update orders set status = 'refused' where id = $1 and status = 'new' returning id)
         insert into dead_letters (order_id, reason) select id, $2 from gone on conflict do nothing`,
        [order.id, answer.reason],
      );
    } else {
      log(`order ${order.id}, try ${order.tries + 1}: ${answer.reason}`);
      await pool.query(
        `update orders set tries = tries + 1, due_at = now() + $2 * interval '1 millisecond' where id = $1`,
        [order.id, waitMs(order.tries, answer)],
      );
    }
  }

  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    look()
      .catch((error) => log('orders could not be read', error))
      .finally(() => {
        isLooking = false;
      });
  }, lookEveryMs);

  return async () => {
    clearInterval(timer);
    await Promise.all(underWay.values());
  };
}

/** Twice as long each time, a little more for some than for others, and never sooner than asked for. */
function waitMs(tries: number, answer: Answer & { readonly outcome: 'later' }): number {
  const wait = Math.min(longestWaitMs, firstWaitMs * 2 ** tries);
  return Math.max(wait * (1 + Math.random() * 0.2), answer.retryAfterMs ?? 0);
}
