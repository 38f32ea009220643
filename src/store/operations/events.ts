import type { LabEvent, RecordedEvent } from '../../lab/lab.ts';
import type { Database, Query } from '../database.ts';
import { labNotFound } from '../refusals.ts';
import { type EventRow, eventArrays, toEvent } from '../rows.ts';

/** The lab's row numbers its events, so they are gapless however many append at once. Throws `lab_not_found`. */
export async function appendEvents(query: Query, labId: string, events: readonly LabEvent[]): Promise<void> {
  const rows = await query<{ id: string }>({
    name: 'append_events',
    text: `
      with lab as (
        update labs set last_seq = last_seq + cardinality($2::text[]) where id = $1 returning id, last_seq
      ), written as (
        insert into lab_events (lab_id, seq, at, type, data)
        select lab.id, last_seq - cardinality($2::text[]) + place, clock_ms(), type, data::json
        from lab, unnest($2::text[], $3::text[]) with ordinality as event (type, data, place)
      )
      select id from lab`,
    values: [labId, ...eventArrays(events)],
  });
  if (rows.length === 0) throw labNotFound(labId);
}

export async function eventsAfter(
  db: Database,
  labId: string,
  seq: number,
  limit: number,
): Promise<readonly RecordedEvent[]> {
  const rows = await db.query<EventRow & object>({
    name: 'events_after',
    text: `
      select lab_id, seq, at, type, data from lab_events
      where lab_id = $1 and seq > $2 order by seq limit $3`,
    values: [labId, seq, limit],
  });
  return rows.map(toEvent);
}

/** One query, however many labs are watched. */
export async function eventsSince(
  db: Database,
  after: ReadonlyMap<string, number>,
  limitEach: number,
): Promise<readonly RecordedEvent[]> {
  const rows = await db.query<EventRow & object>({
    name: 'events_since',
    text: `
      select event.lab_id, event.seq, event.at, event.type, event.data
      from unnest($1::text[], $2::int[]) as watched (lab_id, seq)
      cross join lateral (
        select * from lab_events e
        where e.lab_id = watched.lab_id and e.seq > watched.seq order by e.seq limit $3
      ) event
      order by event.lab_id, event.seq`,
    values: [[...after.keys()], [...after.values()], limitEach],
  });
  return rows.map(toEvent);
}
