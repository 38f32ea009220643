import type { ClassFacts, ClassRecord, Due } from '../../lab/releases/types.ts';
import type { Database, Query } from '../database.ts';
import { jsonText, wellFormed } from '../well-formed.ts';

type Row = Omit<ClassRecord, 'due'> & {
  readonly due: Readonly<Record<string, Omit<Due, 'at'> & { readonly at: string }>>;
};

export function putClass(db: Database, id: string, facts: ClassFacts, by: string): Promise<ClassRecord> {
  return db.transaction(async (query) => {
    await query({
      text: 'select put_class($1, $2, $3)',
      values: [id, jsonText(facts), wellFormed(by)],
    });
    const [made] = await readClasses(query, id);
    if (made === undefined) throw new Error(`class ${id} gave no row`);
    return made;
  });
}

/** @param id null: all of them. */
export async function readClasses(query: Query, id: string | null): Promise<readonly ClassRecord[]> {
  const rows = await query<Row & object>({
    text: `
      select id, title, changed_at as "changedAt", changed_by as "changedBy",
        (select count(*)::int from labs where class = classes.id and phase <> 'terminated') as labs,
        coalesce((
          select json_object_agg(template_id, hash order by template_id) from class_pins where class_id = classes.id
        ), '{}') as pins,
        coalesce((
          select json_object_agg(template_id, json_build_object('at', due_at, 'late', late) order by template_id)
          from class_dues where class_id = classes.id
        ), '{}') as due
      from classes where $1::text is null or id = $1 order by id`,
    values: [id],
  });
  return rows.map(({ due, ...row }) => ({
    ...row,
    due: Object.fromEntries(
      Object.entries(due).map(([template, { at, late }]) => [template, { at: new Date(at), late }]),
    ),
  }));
}

export async function deleteClass(db: Database, id: string): Promise<boolean> {
  const rows = await db.query({ text: 'delete from classes where id = $1 returning id', values: [id] });
  return rows.length > 0;
}
