import type { Database, Query } from '../database.ts';
import { wellFormed } from '../well-formed.ts';
import { appendEvents } from './events.ts';
import { condemnForks } from './forks.ts';

/** An attempt that is not open stays as it is. */
export async function voidAttempt(db: Database, id: string, reason: string): Promise<void> {
  await db.transaction(async (query) => {
    await query({
      text: 'select from labs where id = (select lab_id from attempts where id = $1) for update',
      values: [id],
    });
    await voidOpenAttempt(query, id, reason);
  });
}

/** Within a transaction that has locked the lab. */
export async function voidOpenAttempt(query: Query, id: string, reason: string): Promise<void> {
  const told = wellFormed(reason);
  const [row] = await query<{ labId: string; number: number }>({
    text: `
      update attempts set state = 'void', finished_at = clock_ms(), void_reason = $2, due_at = null
      where id = $1 and state in ('queued', 'running')
      returning lab_id as "labId", number`,
    values: [id, told],
  });
  if (!row) return;
  await condemnForks(query, id);
  await appendEvents(query, row.labId, [
    { type: 'attempt.void', data: { attempt: row.number, reason: told } },
  ]);
}
