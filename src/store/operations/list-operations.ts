import type { Operation } from '../../lab/lab.ts';
import type { Database } from '../database.ts';
import { type OperationJson, toOperation } from '../rows.ts';

/** In the order in which they were planted. */
export async function listOperations(db: Database, labId: string): Promise<readonly Operation[]> {
  const rows = await db.query<{ operation: OperationJson }>({
    name: 'list_operations',
    text: 'select row_to_json(o) as operation from operations o where lab_id = $1 order by place',
    values: [labId],
  });
  return rows.map((row) => toOperation(row.operation));
}
