import type { LabOrSandboxKey } from '../../lab/ports.ts';
import type { Database } from '../database.ts';

/** A row that has moved on keeps its due time: whoever changed it wanted it looked at. */
export async function restUntilDue(
  db: Database,
  key: LabOrSandboxKey,
  version: number,
  seconds: number,
): Promise<void> {
  const colon = key.indexOf(':');
  const table = key.slice(0, colon) === 'lab' ? 'labs' : 'sandboxes';
  await db.query({
    name: `rest_until_due_${table}`,
    text: `
      update ${table} set due_at = clock_ms() + $3 * interval '1 second'
      where id = $1 and version = $2 and due_at is not null`,
    values: [key.slice(colon + 1), version, seconds],
  });
}
