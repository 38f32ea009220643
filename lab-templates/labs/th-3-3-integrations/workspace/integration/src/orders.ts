/** Takes orders from the table to the partner, and writes down what became of them. */
import type pg from 'pg';
import type { Partner } from './partner.ts';

/**
 * To be written: look for orders with the status `new` at least twice a second, and charge them.
 * - charged: the status becomes `charged`.
 * - refused: a row in `dead_letters` with the reason, and the status becomes `refused`.
 * - later: try again after a while that grows with each try, and never sooner than the partner asked for.
 * An order that waits must not hold up the others. You may be killed between any two lines.
 *
 * @param settings has `databaseUrl`, should you want a connection of your own beside the pool.
 * @returns ends it.
 */
export function startOrders(
  _pool: pg.Pool,
  _partner: Partner,
  _settings: { readonly databaseUrl: string },
): () => Promise<void> {
  return async () => {};
}
