import type { WakeKey } from '../../lab/ports.ts';
import type { Database } from '../database.ts';

/**
 * Each table gives its oldest, the oldest of all are taken. The rows that were looked at and not taken are locked
 * only for as long as the statement runs, and other sweeps skip what is locked. `now()`, not `clock_ms()`: an index
 * serves no comparison with a volatile function.
 */
const text = `
  with due_labs as (
    select 'lab:' || id as key, id, due_at from labs
    where due_at <= now()
    order by due_at, id limit $1 for update skip locked
  ), due_sandboxes as (
    select 'sandbox:' || id as key, id, due_at from sandboxes
    where due_at <= now() and (lab_id is null and owner is null or state = 'dead')
    order by due_at, id limit $1 for update skip locked
  ), due_attempts as (
    select 'attempt:' || id as key, id, due_at from attempts
    where due_at <= now()
    order by due_at, id limit $1 for update skip locked
  ), due_operations as (
    select 'operation:' || id as key, id, due_at from operations
    where due_at <= now()
    order by due_at, id limit $1 for update skip locked
  ), due_watches as (
    select 'watch:' || lab_id as key, lab_id as id, due_at from watches
    where due_at <= now()
    order by due_at, lab_id limit $1 for update skip locked
  ), due as (
    select * from due_labs union all select * from due_sandboxes union all select * from due_attempts
    union all select * from due_operations union all select * from due_watches
    order by due_at, key limit $1
  ), held as (
    select clock_ms() + $2 * interval '1 second' as until
  ), labs_held as (
    update labs set due_at = until from due, held where labs.id = due.id and key = 'lab:' || due.id
  ), sandboxes_held as (
    update sandboxes set due_at = until from due, held where sandboxes.id = due.id and key = 'sandbox:' || due.id
  ), attempts_held as (
    update attempts set due_at = until from due, held where attempts.id = due.id and key = 'attempt:' || due.id
  ), operations_held as (
    update operations set due_at = until from due, held where operations.id = due.id and key = 'operation:' || due.id
  ), watches_held as (
    update watches set due_at = until from due, held where lab_id = due.id and key = 'watch:' || due.id
  )
  select key from due order by due_at, key`;

export async function claimDue(
  db: Database,
  limit: number,
  leaseSeconds: number,
): Promise<readonly WakeKey[]> {
  const rows = await db.query<{ key: WakeKey }>({ name: 'claim_due', text, values: [limit, leaseSeconds] });
  return rows.map((row) => row.key);
}
