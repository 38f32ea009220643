import type { WakeKey } from '../../lab/ports.ts';
import type { Database } from '../database.ts';

const tables: Readonly<Record<string, { readonly table: string; readonly id: string }>> = {
  lab: { table: 'labs', id: 'id' },
  sandbox: { table: 'sandboxes', id: 'id' },
  attempt: { table: 'attempts', id: 'id' },
  operation: { table: 'operations', id: 'id' },
  watch: { table: 'watches', id: 'lab_id' },
};

/** A row that is never due again (ended, gone, graded) stays so. */
export async function holdDue(db: Database, key: WakeKey, leaseSeconds: number): Promise<void> {
  const colon = key.indexOf(':');
  const found = tables[key.slice(0, colon)];
  if (found === undefined) return;
  const { table, id } = found;
  await db.query({
    name: `hold_due_${table}`,
    text: `
      update ${table} set due_at = clock_ms() + $2 * interval '1 second' where ${id} = $1 and due_at is not null`,
    values: [key.slice(colon + 1), leaseSeconds],
  });
}
