/** A regrade begins to count, or ends to: all of its attempts at once, with progress and events, or nothing. */
import type { AppliedOutcome, RegradeState } from '../../grading/regrade/types.ts';
import type { Query } from '../database.ts';
import { wellFormed } from '../well-formed.ts';

interface Row {
  readonly state: RegradeState;
  readonly templateId: string;
  readonly from: string | null;
  readonly labId: string | null;
  readonly turn: string | null;
}

/** Null: done. Otherwise nothing was changed. */
export async function changeRegrade(
  query: Query,
  id: string,
  what: 'apply' | 'undo',
  { by, reason }: { readonly by: string; readonly reason: string },
): Promise<AppliedOutcome | null> {
  const [named] = await query<{ templateId: string }>({
    text: 'select template_id as "templateId" from regrades where id = $1',
    values: [id],
  });
  if (named === undefined) return { outcome: 'not_found' };
  // One of a template at a time; then its labs, as whoever records an attempt does.
  await query({ text: 'select pg_advisory_xact_lock(7009, hashtext($1))', values: [named.templateId] });
  const [row] = await query<Row & object>({
    text: `
      select state, template_id as "templateId", from_hash as "from", lab_id as "labId", turn
      from regrades where id = $1 for update`,
    values: [id],
  });
  const wanted = what === 'apply' ? 'ready' : 'applied';
  if (row?.state !== wanted) return { outcome: 'wrong_state', state: row?.state ?? 'stopped' };
  await query({
    text: `${affected} select id from labs where id in (select lab_id from affected) order by id for update`,
    values: [id],
  });
  const moved = what === 'apply' ? await movedSince(query, id, row) : await onTopOf(query, id, row);
  if (moved.length > 0) return { outcome: 'moved', what: moved };
  await query({
    text:
      what === 'apply'
        ? `update regrades set state = 'applied', applied_by = $2, applied_at = clock_ms(), reason = $3,
             turn = nextval('regrade_turns') where id = $1`
        : `update regrades set state = 'undone', undone_by = $2, undone_at = clock_ms(), undo_reason = $3
           where id = $1`,
    values: [id, wellFormed(by), wellFormed(reason)],
  });
  await followWithProgress(query, id);
  await tell(query, id, what === 'undo');
  return null;
}

const mostNamed = 5;

/** `$1` is the regrade: the attempts that it is a layer of. */
const affected = `
  with layered as (
    select result.attempt_id, result.lab_id, result.number
    from regrade_results result join regrades regrade on regrade.id = result.regrade_id
    where regrade.id = $1 and result.changed and (regrade.finals or not result.final)
  ), affected as (select distinct lab_id from layered)`;

/** What is not any more as the dry run saw it. */
async function movedSince(query: Query, id: string, row: Row): Promise<readonly string[]> {
  const fresh = await query<{ labId: string; number: number }>({
    text: `
      select attempt.lab_id as "labId", attempt.number from attempts attempt join labs on labs.id = attempt.lab_id
      where labs.template_id = $2 and attempt.state = 'finished' and ($3::text is null or attempt.template_hash = $3)
        and ($4::text is null or labs.id = $4)
        and not exists (select from regrade_results where regrade_id = $1 and attempt_id = attempt.id)
      order by attempt.lab_id, attempt.number limit ${mostNamed}`,
    values: [id, row.templateId, row.from, row.labId],
  });
  const others = await query<{ labId: string; number: number; regrade: string | null }>({
    text: `
      select result.lab_id as "labId", result.number, layer.regrade_id as regrade
      from regrade_results result left join counted_layers layer on layer.attempt_id = result.attempt_id
      where result.regrade_id = $1 and result.over_regrade is distinct from layer.regrade_id
      order by result.lab_id, result.number limit ${mostNamed}`,
    values: [id],
  });
  return [
    ...fresh.map(({ labId, number }) => `attempt ${number} of ${labId} was graded since`),
    ...others.map(({ labId, number, regrade }) =>
      regrade === null
        ? `the regrade that counted for attempt ${number} of ${labId} was undone since`
        : `regrade ${regrade} was applied to attempt ${number} of ${labId} since`,
    ),
  ];
}

/** Later regrades were judged over this one. */
async function onTopOf(query: Query, id: string, { turn }: Row): Promise<readonly string[]> {
  const later = await query<{ regrade: string; attempts: number }>({
    text: `
      select layer.regrade_id as regrade, count(*)::int as attempts
      from regrade_results result join counted_layers layer on layer.attempt_id = result.attempt_id
      where result.regrade_id = $1 and layer.turn > $2::bigint
      group by layer.regrade_id order by layer.regrade_id limit ${mostNamed}`,
    values: [id, turn],
  });
  return later.map(
    ({ regrade, attempts }) => `regrade ${regrade} counts on top of it for ${attempts} attempts`,
  );
}

/** Progress of the labs, from the attempts that count since their score was last forgotten. */
async function followWithProgress(query: Query, id: string): Promise<void> {
  await query({
    text: `
      ${affected}, since as (
        select lab_id, max(at) as at from lab_events
        where lab_id in (select lab_id from affected) and type = 'lab.reset'
          and not coalesce((data->>'keepScore')::boolean, false)
        group by lab_id
      ), counted as (
        select attempt.lab_id, attempt.number, attempt.finished_at, each->>'checkId' as check_id,
          (each->>'points')::float8 as points, each->>'verdict' as verdict
        from attempts attempt join counted_layers layer on layer.attempt_id = attempt.id
        cross join lateral json_array_elements(layer.results) each
        where attempt.lab_id in (select lab_id from affected)
        union all
        select attempt.lab_id, attempt.number, attempt.finished_at, result.check_id, result.points, result.verdict
        from attempts attempt join check_results result on result.attempt_id = attempt.id
        where attempt.lab_id in (select lab_id from affected) and attempt.state = 'finished'
          and not exists (select from counted_layers layer where layer.attempt_id = attempt.id)
      ), passed as (
        select distinct on (counted.lab_id, check_id) counted.lab_id, check_id, finished_at, points
        from counted left join since on since.lab_id = counted.lab_id
        where verdict = 'pass' and (since.at is null or finished_at > since.at)
        order by counted.lab_id, check_id, number
      ), gone as (
        delete from check_progress progress using affected
        where progress.lab_id = affected.lab_id and not exists (
          select from passed where passed.lab_id = progress.lab_id and passed.check_id = progress.check_id)
      )
      insert into check_progress as progress (lab_id, check_id, passed_at, points)
      select lab_id, check_id, finished_at, points from passed
      on conflict (lab_id, check_id) do update set passed_at = excluded.passed_at, points = excluded.points
        where (progress.passed_at, progress.points) is distinct from (excluded.passed_at, excluded.points)`,
    values: [id],
  });
}

/** An event for each attempt, with what counts now. */
async function tell(query: Query, id: string, undone: boolean): Promise<void> {
  await query({
    text: `
      ${affected}, told as (
        select layered.lab_id, row_number() over (partition by layered.lab_id order by layered.number) as place,
          json_build_object('attempt', layered.number, 'final', attempt.final, 'regrade', $1::text, 'undone', $2::boolean,
            'points', coalesce(layer.points, attempt.points),
            'maxPoints', coalesce(layer.max_points, attempt.max_points)) as data
        from layered join attempts attempt on attempt.id = layered.attempt_id
        left join counted_layers layer on layer.attempt_id = attempt.id
      ), lab as (
        update labs set last_seq = last_seq + more.events
        from (select lab_id, count(*)::int as events from told group by lab_id) more
        where labs.id = more.lab_id returning labs.id, labs.last_seq - more.events as before
      )
      insert into lab_events (lab_id, seq, at, type, data)
      select lab.id, lab.before + told.place, clock_ms(), 'attempt.regraded', told.data
      from told join lab on lab.id = told.lab_id`,
    values: [id, undone],
  });
}
