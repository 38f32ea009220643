import type { NewOperation } from '../../lab/ports.ts';
import type { Database } from '../database.ts';
import { labEnded, labNotFound } from '../refusals.ts';
import { jsonText } from '../well-formed.ts';

interface Planted {
  readonly outcome: 'planted' | 'known' | 'lab_not_found' | 'lab_ended';
}

/** Throws `lab_not_found` and `lab_ended`. */
export async function plantOperation(db: Database, labId: string, operation: NewOperation): Promise<boolean> {
  const [row] = await db.query<Planted & object>({
    name: 'plant_operation',
    text: 'select plant_operation as outcome from plant_operation($1, $2)',
    values: [labId, jsonText(operation)],
  });
  if (row?.outcome === 'lab_not_found') throw labNotFound(labId);
  if (row?.outcome === 'lab_ended') throw labEnded('nothing can be done in it any more');
  return row?.outcome === 'planted';
}

export async function triggerOperation(db: Database, id: string): Promise<boolean> {
  const [row] = await db.query<{ triggered: boolean | null }>({
    name: 'trigger_operation',
    text: 'select trigger_operation($1) as triggered',
    values: [id],
  });
  return row?.triggered === true;
}
