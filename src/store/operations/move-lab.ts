import type { LabEvent } from '../../lab/lab.ts';
import type { LabChange, NewSandbox, Snapshot } from '../../lab/ports.ts';
import type { Database } from '../database.ts';
import { eventArrays, type SnapshotRow, toSnapshot } from '../rows.ts';
import { jsonText } from '../well-formed.ts';

/** What serves the lab after the move; null: what serves it now. */
export type Successor = { readonly spare: true } | { readonly sandbox: NewSandbox } | null;

/** Null: someone else was faster or there is no spare, and nothing was changed. */
export async function moveLab(
  db: Database,
  id: string,
  version: number,
  change: LabChange,
  events: readonly LabEvent[],
  successor: Successor,
): Promise<Snapshot | null> {
  const [row] = await db.query<SnapshotRow & object>({
    name: 'move_lab',
    text: 'select lab, sandbox, now from move_lab($1, $2, $3, $4, $5, $6)',
    values: [id, version, jsonText(change), ...eventArrays(events), successor && jsonText(successor)],
  });
  return row === undefined ? null : toSnapshot(row);
}
