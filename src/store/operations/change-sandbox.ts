import type { LabEvent } from '../../lab/lab.ts';
import type { SandboxChange, Snapshot } from '../../lab/ports.ts';
import type { Database } from '../database.ts';
import { eventArrays, type SnapshotRow, toSnapshot } from '../rows.ts';
import { jsonText } from '../well-formed.ts';

/** Null: someone else was faster, and nothing was changed. */
export async function changeSandbox(
  db: Database,
  id: string,
  version: number,
  change: SandboxChange,
  events: readonly LabEvent[],
): Promise<Snapshot | null> {
  const [row] = await db.query<SnapshotRow & object>({
    name: 'change_sandbox',
    text: 'select lab, sandbox, now from change_sandbox($1, $2, $3, $4, $5)',
    values: [id, version, jsonText(change), ...eventArrays(events)],
  });
  return row === undefined ? null : toSnapshot(row);
}
