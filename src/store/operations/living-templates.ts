import type { Database } from '../database.ts';

export async function livingTemplates(db: Database): Promise<readonly string[]> {
  const rows = await db.query<{ hash: string }>({
    name: 'living_templates',
    text: `
      select template_hash as hash from labs where phase <> 'terminated'
      union
      select template_hash from sandboxes where state in ('building', 'up')
      union
      select hash from class_pins`,
  });
  return rows.map(({ hash }) => hash);
}
