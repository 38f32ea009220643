import type { WakeKey } from '../../lab/ports.ts';
import type { Database } from '../database.ts';

/**
 * Each table gives its oldest, the oldest of all are taken. The rows that were looked at and not taken are locked
 * only for as long as the statement runs, and other sweeps skip what is locked.
 */
const text = `
  with due as (
    select * from (
      (select 'lab' as kind, id, due_at from labs
       where due_at <= clock_ms() order by due_at, id limit $1 for update skip locked)
      union all
      (select 'sandbox', id, due_at from sandboxes
       where due_at <= clock_ms() and (lab_id is null or state = 'dead')
       order by due_at, id limit $1 for update skip locked)
      union all
      (select 'attempt', id, due_at from attempts
       where due_at <= clock_ms() order by due_at, id limit $1 for update skip locked)
    ) rows
    order by due_at, kind || ':' || id collate "C"
    limit $1
  ), held as (
    select clock_ms() + $2 * interval '1 second' as until
  ), labs_held as (
    update labs set due_at = until from due, held where kind = 'lab' and labs.id = due.id
  ), sandboxes_held as (
    update sandboxes set due_at = until from due, held where kind = 'sandbox' and sandboxes.id = due.id
  ), attempts_held as (
    update attempts set due_at = until from due, held where kind = 'attempt' and attempts.id = due.id
  )
  select kind || ':' || id as key from due order by due_at, kind || ':' || id collate "C"`;

export async function claimDue(
  db: Database,
  limit: number,
  leaseSeconds: number,
): Promise<readonly WakeKey[]> {
  const rows = await db.query<{ key: WakeKey }>({ name: 'claim_due', text, values: [limit, leaseSeconds] });
  return rows.map((row) => row.key);
}
