/**
 * Takes orders from the table to the partner, and writes down what became of them. The database says when there is a
 * new order (LISTEN), and who works on which stands in `claims`: several services could share the work.
 */
import pg from 'pg';
import { log } from './log.ts';
import type { Partner } from './partner.ts';

const leaseSeconds = 5;
const lookEveryMs = 250;
const firstWaitMs = 250;

interface Claimed {
  readonly id: string;
  readonly amount: number;
  readonly card: string;
  readonly tries: number;
}

export function startOrders(
  pool: pg.Pool,
  partner: Partner,
  { databaseUrl }: { readonly databaseUrl: string },
): () => Promise<void> {
  let listener: pg.Client | null = null;
  let isOver = false;
  let draining: Promise<void> | null = null;
  let isAsked = false;

  /** Notifications may be missed while there is no connection; the timer below finds what they told. */
  async function listen(): Promise<void> {
    const client = new pg.Client({ connectionString: databaseUrl });
    listener = client;
    const again = () => {
      if (isOver || listener !== client) return;
      listener = null;
    };
    client.on('error', again);
    client.on('end', again);
    client.on('notification', drain);
    await client.connect();
    await client.query('listen new_orders');
  }

  function drain(): void {
    isAsked = true;
    draining ??= run()
      .catch((error) => log('orders could not be claimed', error))
      .finally(() => {
        draining = null;
      });
  }

  async function run(): Promise<void> {
    while (isAsked) {
      isAsked = false;
      for (const order of await claim()) {
        settle(order).catch((error) => log(`order ${order.id}`, error));
      }
    }
  }

  async function claim(): Promise<readonly Claimed[]> {
    await pool.query(
      `insert into claims (order_id) select id from orders where status = 'new' on conflict do nothing`,
    );
    const { rows } = await pool.query<Claimed>(
      `update claims c set leased_until = now() + $1 * interval '1 second'
       from orders o
       where o.id = c.order_id and o.status in ('new', 'charging') and c.order_id in (
         select order_id from claims where due_at <= now() and leased_until < now()
         order by due_at limit 40 for update skip locked)
       returning o.id, o.amount::float8 as amount, o.card, c.tries`,
      [leaseSeconds],
    );
    await pool.query(`update orders set status = 'charging' where id = any ($1) and status = 'new'`, [
      rows.map(({ id }) => id),
    ]);
    return rows;
  }

  async function settle(order: Claimed): Promise<void> {
    const answer = await partner.charge(order);
    if (answer.outcome === 'later') {
      const wait = Math.max(firstWaitMs * 2 ** order.tries, (answer.retryAfterMs ?? 0) + 50);
      await pool.query(
        `update claims set tries = tries + 1, leased_until = '-infinity', due_at = now() + $2 * interval '1 millisecond'
         where order_id = $1`,
        [order.id, wait],
      );
      return;
    }
    const client = await pool.connect();
    try {
      await client.query('begin');
      const status = answer.outcome === 'charged' ? 'charged' : 'refused';
      await client.query(`update orders set status = $2 where id = $1 and status = 'charging'`, [
        order.id,
        status,
      ]);
      if (answer.outcome === 'refused') {
        await client.query('insert into dead_letters (order_id, reason) values ($1, $2)', [
          order.id,
          answer.reason,
        ]);
      }
      await client.query(`update claims set due_at = 'infinity' where order_id = $1`, [order.id]);
      await client.query('commit');
    } catch (error) {
      await client.query('rollback').catch(() => {});
      throw error;
    } finally {
      client.release();
    }
  }

  const timer = setInterval(() => {
    if (listener === null) listen().catch((error) => log('nothing is heard of new orders', error));
    drain();
  }, lookEveryMs);

  return async () => {
    isOver = true;
    clearInterval(timer);
    await listener?.end().catch(() => {});
    await draining;
  };
}
