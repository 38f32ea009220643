import type { AttemptWork } from '../../grading/types.ts';
import type { Database } from '../database.ts';
import { appendEvents } from './events.ts';
import { condemnForks } from './forks.ts';
import { readAttempts } from './read-attempts.ts';

interface Row {
  readonly labId: string;
  readonly number: number;
  readonly fence: number;
  readonly sandboxId: string | null;
  readonly generations: Readonly<Record<string, number>>;
}

/**
 * Each start raises the fence: whoever held the one before is refused from now on, and its forks are given up. One that
 * needs the lab for itself is due again soon while something else works on it.
 */
export async function startAttempt(
  db: Database,
  id: string,
  leaseSeconds: number,
): Promise<AttemptWork | null> {
  return db.transaction(async (query) => {
    await query({
      text: 'select from labs where id = (select lab_id from attempts where id = $1) for update',
      values: [id],
    });
    const waits = await query({
      text: `
        update attempts a set due_at = clock_ms() + interval '1 second'
        where id = $1 and state = 'queued' and alone
          and exists (select from operations o where o.lab_id = a.lab_id and o.state = 'running')
        returning id`,
      values: [id],
    });
    if (waits.length > 0) return null;
    const [row] = await query<Row & object>({
      text: `
        update attempts set
          state = 'running', fence = fence + 1, started_at = coalesce(started_at, clock_ms()),
          due_at = clock_ms() + $2 * interval '1 second'
        where id = $1 and state in ('queued', 'running')
        returning lab_id as "labId", number, fence, sandbox_id as "sandboxId", generations`,
      values: [id, leaseSeconds],
    });
    if (!row) return null;
    if (row.fence > 1) await condemnForks(query, id);
    if (row.fence === 1) {
      await appendEvents(query, row.labId, [{ type: 'attempt.started', data: { attempt: row.number } }]);
    }
    const [attempt] = await readAttempts(query, { id });
    if (!attempt) return null;
    return { attempt, fence: row.fence, sandboxId: row.sandboxId, generations: row.generations };
  });
}
