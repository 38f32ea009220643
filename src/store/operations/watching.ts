import type { WatchRun } from '../../lab/lab.ts';
import type { Database } from '../database.ts';
import { jsonText } from '../well-formed.ts';

/** The newest of a watch that are read; far more than judging needs. */
const mostRuns = 10_000;

/** A lab that has ended has no due time for its watches, which is what a claim that raced with the end finds. */
export async function startWatching(
  db: Database,
  labId: string,
  leaseSeconds: number,
): Promise<{ readonly fence: number } | null> {
  const [row] = await db.query<{ fence: number }>({
    name: 'start_watching',
    text: `
      update watches set fence = watches.fence + 1, due_at = clock_ms() + $2 * interval '1 second'
      from labs where lab_id = $1 and labs.id = lab_id and phase = 'ready' and watches.due_at is not null
      returning watches.fence`,
    values: [labId, leaseSeconds],
  });
  return row ?? null;
}

/** The watches' row is held until the runs are written: two holders never write side by side. */
export async function keepSamples(
  db: Database,
  labId: string,
  fence: number,
  runs: readonly WatchRun[],
): Promise<boolean> {
  const [row] = await db.query<{ held: boolean }>({
    name: 'keep_samples',
    text: `
      with held as (
        select lab_id from watches join labs on labs.id = lab_id
        where lab_id = $1 and fence = $2 and phase = 'ready' and watches.due_at is not null
        for share of watches
      ), written as (
        insert into watch_samples (lab_id, watch_id, from_at, to_at, count, good, value, detail)
        select lab_id, run->>'watchId', (run->>'from')::timestamptz, (run->>'to')::timestamptz,
          (run->>'count')::int, (run->>'good')::boolean, run->'value', run->>'detail'
        from held, json_array_elements($3::json) as each (run)
        on conflict (lab_id, watch_id, from_at) do update set
          to_at = excluded.to_at, count = excluded.count, good = excluded.good, value = excluded.value,
          detail = excluded.detail
        where excluded.to_at >= watch_samples.to_at
      )
      select exists (select from held) as held`,
    values: [labId, fence, jsonText(runs)],
  });
  return row?.held === true;
}

export async function watchRuns(
  db: Database,
  labId: string,
  watchId: string,
  since: Date | null,
): Promise<readonly WatchRun[]> {
  const newest = await db.query<WatchRun & object>({
    name: 'watch_runs',
    text: `
      select watch_id as "watchId", from_at as "from", to_at as "to", count, good, value, detail
      from watch_samples
      where lab_id = $1 and watch_id = $2 and ($3::timestamptz is null or to_at >= $3)
      order by from_at desc limit ${mostRuns}`,
    values: [labId, watchId, since],
  });
  return newest.reverse();
}
