import type { Database } from '../database.ts';
import { violates } from '../failure.ts';
import { labNotFound } from '../refusals.ts';

export async function readHintsTaken(db: Database, labId: string): Promise<Readonly<Record<string, number>>> {
  const rows = await db.query<{ check: string; taken: number }>({
    name: 'hints_taken',
    text: 'select check_id as "check", taken from hints_taken where lab_id = $1 order by taken_at, check_id',
    values: [labId],
  });
  return Object.fromEntries(rows.map(({ check, taken }) => [check, taken]));
}

/** Sent once only: a hint that is taken twice by a retry would cost the trainee points. Throws `lab_not_found`. */
export async function takeHint(
  db: Database,
  labId: string,
  checkId: string,
  available: number,
): Promise<number> {
  if (available < 1) return 0;
  try {
    const [row] = await db.once<{ taken: number }>({
      name: 'take_hint',
      text: `
        insert into hints_taken (lab_id, check_id, taken) values ($1, $2, 1)
        on conflict (lab_id, check_id) do update set taken = least(hints_taken.taken + 1, $3), taken_at = clock_ms()
        returning taken`,
      values: [labId, checkId, available],
    });
    return row?.taken ?? 0;
  } catch (thrown) {
    throw violates(thrown, '23503') ? labNotFound(labId) : thrown;
  }
}
