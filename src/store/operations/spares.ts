import type { Sandbox } from '../../lab/lab.ts';
import type { NewSandbox } from '../../lab/ports.ts';
import type { Database } from '../database.ts';
import { type SandboxJson, toSandbox } from '../rows.ts';
import { jsonText } from '../well-formed.ts';

interface Row {
  readonly sandbox: SandboxJson;
}

/** Null when `wanted` spares of this version and backend live already. */
export async function startSpare(db: Database, sandbox: NewSandbox, wanted: number): Promise<Sandbox | null> {
  const [row] = await db.query<Row & object>({
    name: 'start_spare',
    text: 'select start_spare as sandbox from start_spare($1, $2)',
    values: [jsonText(sandbox), wanted],
  });
  return row === undefined ? null : toSandbox(row.sandbox);
}

/** Oldest first. */
export async function listSpares(db: Database): Promise<readonly Sandbox[]> {
  const rows = await db.query<Row & object>({
    text: `
      select row_to_json(s) as sandbox from sandboxes s
      where lab_id is null and owner is null and state in ('building', 'up')
      order by created_at, id`,
  });
  return rows.map((row) => toSandbox(row.sandbox));
}
