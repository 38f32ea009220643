import type { LabEvent, Operation } from '../../lab/lab.ts';
import type { OperationStore } from '../../lab/ports.ts';
import type { Database } from '../database.ts';
import { labEnded, labNotFound } from '../refusals.ts';
import { eventArrays } from '../rows.ts';
import { jsonText } from '../well-formed.ts';

type Planted = Awaited<ReturnType<OperationStore['plantSnapshot']>>;
type Deleted = Awaited<ReturnType<OperationStore['deleteSnapshot']>>;

/** Throws `lab_not_found` and `lab_ended`. */
export async function plantSnapshot(
  db: Database,
  labId: string,
  { name, saved }: { readonly name: string; readonly saved: Operation['saved'] },
  most: number,
): Promise<Planted> {
  const [row] = await db.query<{ outcome: Planted | 'lab_not_found' | 'lab_ended' }>({
    name: 'plant_snapshot',
    text: 'select plant_snapshot($1, $2, $3, $4) as outcome',
    values: [labId, name, jsonText(saved), most],
  });
  if (row === undefined || row.outcome === 'lab_not_found') throw labNotFound(labId);
  if (row.outcome === 'lab_ended') throw labEnded('nothing can be kept of it any more');
  return row.outcome;
}

export async function deleteSnapshot(
  db: Database,
  labId: string,
  name: string,
  events: readonly LabEvent[],
): Promise<Deleted> {
  const [row] = await db.query<{ outcome: Deleted }>({
    name: 'delete_snapshot',
    text: 'select delete_snapshot($1, $2, $3, $4) as outcome',
    values: [labId, name, ...eventArrays(events)],
  });
  return row?.outcome ?? 'unknown';
}
