import type { Lab, LabPhase } from '../../lab/lab.ts';
import type { LabQuery, Page, Snapshot } from '../../lab/ports.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { Database } from '../database.ts';
import { type SnapshotRow, toLab, toSnapshot } from '../rows.ts';

const allPhases: readonly LabPhase[] = [
  'requested',
  'provisioning',
  'ready',
  'paused',
  'resuming',
  'terminating',
  'terminated',
];

/** Newest first. Each phase gives its own newest from an index and the page is merged from them: O(page). */
export async function listLabs(
  db: Database,
  query: LabQuery,
): Promise<Page<Snapshot & { readonly lab: Lab }>> {
  const end = query.cursor === undefined ? null : decodeCursor(query.cursor);
  const values: unknown[] = [query.phases ?? allPhases, query.limit + 1];
  const place = (value: unknown) => `$${values.push(value)}`;
  const where = ['phase = wanted.phase'];
  if (query.trainee !== undefined) where.push(`trainee = ${place(query.trainee)}`);
  if (query.templateId !== undefined) where.push(`template_id = ${place(query.templateId)}`);
  if (query.class !== undefined) where.push(`class = ${place(query.class)}`);
  if (end !== null) where.push(`(created_at, id) < (${place(end.createdAt)}::timestamptz, ${place(end.id)})`);
  const rows = await db.query<SnapshotRow & object>({
    text: `
      select row_to_json(lab) as lab, row_to_json(sandbox) as sandbox, clock_ms() as now
      from (
        select lab.*
        from unnest($1::text[]) as wanted (phase)
        cross join lateral (
          select * from labs where ${where.join(' and ')} order by created_at desc, id desc limit $2
        ) lab
        order by lab.created_at desc, lab.id desc
        limit $2
      ) lab
      left join sandboxes sandbox on sandbox.id = lab.sandbox_id
      order by lab.created_at desc, lab.id desc`,
    values,
  });
  const items = rows
    .slice(0, query.limit)
    .flatMap((row) => (row.lab === null ? [] : [{ ...toSnapshot(row), lab: toLab(row.lab) }]));
  const last = items.at(-1);
  return { items, nextCursor: last && rows.length > query.limit ? encodeCursor(last.lab) : null };
}
