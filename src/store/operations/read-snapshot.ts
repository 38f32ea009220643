import type { Snapshot } from '../../lab/ports.ts';
import type { Database } from '../database.ts';
import { type SnapshotRow, toSnapshot } from '../rows.ts';

const ofLab = `
  select row_to_json(lab) as lab, row_to_json(sandbox) as sandbox, clock_ms() as now
  from (values ($1)) as asked (id)
  left join labs lab on lab.id = asked.id
  left join sandboxes sandbox on sandbox.id = lab.sandbox_id`;

const ofSandbox = `
  select row_to_json(lab) as lab, row_to_json(sandbox) as sandbox, clock_ms() as now
  from (values ($1)) as asked (id)
  left join sandboxes sandbox on sandbox.id = asked.id
  left join labs lab on lab.id = sandbox.lab_id and lab.sandbox_id = sandbox.id`;

export function getLab(db: Database, id: string): Promise<Snapshot> {
  return read(db, 'get_lab', ofLab, id);
}

export function getSandbox(db: Database, id: string): Promise<Snapshot> {
  return read(db, 'get_sandbox', ofSandbox, id);
}

async function read(db: Database, name: string, text: string, id: string): Promise<Snapshot> {
  const [row] = await db.query<SnapshotRow & object>({ name, text, values: [id] });
  if (row === undefined) throw new Error(`${name} gave no row`);
  return toSnapshot(row);
}
