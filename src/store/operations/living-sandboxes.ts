import type { Database } from '../database.ts';

/** Those of `ids` that are recorded and neither dead nor gone. */
export async function livingSandboxes(db: Database, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await db.query<{ id: string }>({
    text: `select id from sandboxes where id = any($1) and state in ('building', 'up')`,
    values: [ids],
  });
  return new Set(rows.map((row) => row.id));
}
