import type { Database } from '../database.ts';

/**
 * Who has a fact of a program or a lab of its templates, by name. Each template gives its own next names from an index
 * and the page is merged from them.
 */
export async function programTrainees(
  db: Database,
  programId: string,
  templates: readonly string[],
  after: string | null,
  limit: number,
): Promise<readonly string[]> {
  const rows = await db.query<{ trainee: string }>({
    name: 'program_trainees',
    text: `
      select distinct trainee from (
        (select distinct trainee from program_facts where program_id = $1 and trainee > $3 order by trainee limit $4)
        union all
        select own.trainee from unnest($2::text[]) as wanted (template)
        cross join lateral (
          select distinct trainee from labs where template_id = wanted.template and trainee > $3
          order by trainee limit $4
        ) own
      ) found
      order by trainee limit $4`,
    values: [programId, templates, after ?? '', limit],
  });
  return rows.map((row) => row.trainee);
}

/** Labs that have not ended, the newest of each template last. */
export function openLabs(
  db: Database,
  trainees: readonly string[],
  templates: readonly string[],
): Promise<readonly { readonly trainee: string; readonly templateId: string; readonly labId: string }[]> {
  return db.query({
    name: 'program_open_labs',
    text: `
      select trainee, template_id as "templateId", id as "labId" from labs
      where trainee = any($1) and template_id = any($2) and phase <> 'terminated'
      order by created_at, id`,
    values: [trainees, templates],
  });
}
