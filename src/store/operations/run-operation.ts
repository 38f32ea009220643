import type { LabEvent, Operation } from '../../lab/lab.ts';
import type { OperationStore, OperationWork } from '../../lab/ports.ts';
import type { Database } from '../database.ts';
import { eventArrays, type OperationJson, toOperation } from '../rows.ts';
import { jsonText } from '../well-formed.ts';

interface Row {
  readonly operation: OperationJson & { readonly fence: number };
}

/** Each start raises the fence: whoever held the one before is refused from now on. */
export async function startOperation(
  db: Database,
  id: string,
  leaseSeconds: number,
  events: readonly LabEvent[],
): Promise<OperationWork | null> {
  const [row] = await db.query<Row & object>({
    name: 'start_operation',
    text: 'select start_operation as operation from start_operation($1, $2, $3, $4)',
    values: [id, leaseSeconds, ...eventArrays(events)],
  });
  return row === undefined ? null : { operation: toOperation(row.operation), fence: row.operation.fence };
}

/** Sent once only: whoever does not know whether a step was noted must not do it. */
export async function beginStep(
  db: Database,
  id: string,
  fence: number,
  step: number,
  saved: Operation['saved'],
): Promise<boolean> {
  const rows = await db.once({
    name: 'begin_step',
    text: `
      update operations set begun = $3 + 1, saved = $4
      where id = $1 and fence = $2 and state = 'running' and begun <= $3
        and exists (select from labs where labs.id = lab_id and phase = 'ready')
      returning id`,
    values: [id, fence, step, jsonText(saved)],
  });
  return rows.length > 0;
}

export async function finishOperation(
  db: Database,
  id: string,
  fence: number,
  { events, ...end }: Parameters<OperationStore['finishOperation']>[2],
): Promise<boolean> {
  const [row] = await db.query<{ finished: boolean }>({
    name: 'finish_operation',
    text: 'select finish_operation($1, $2, $3, $4, $5) as finished',
    values: [id, fence, jsonText(end), ...eventArrays(events)],
  });
  return row?.finished === true;
}
