import type { WakeKey } from '../../lab/ports.ts';
import type { Database } from '../database.ts';

/** A row that is never due again (ended, gone, graded) stays so. */
export async function holdDue(db: Database, key: WakeKey, leaseSeconds: number): Promise<void> {
  const colon = key.indexOf(':');
  const kind = key.slice(0, colon);
  const table = kind === 'lab' ? 'labs' : kind === 'sandbox' ? 'sandboxes' : 'attempts';
  await db.query({
    name: `hold_due_${table}`,
    text: `
      update ${table} set due_at = clock_ms() + $2 * interval '1 second' where id = $1 and due_at is not null`,
    values: [key.slice(colon + 1), leaseSeconds],
  });
}
