import type { CheckProgress } from '../../grading/types.ts';
import type { Database } from '../database.ts';

/** Checks that passed once in this lab, first passed first. */
export function readProgress(db: Database, labId: string): Promise<readonly CheckProgress[]> {
  return db.query<CheckProgress & object>({
    name: 'progress',
    text: `
      select check_id as "checkId", passed_at as "passedAt", points
      from check_progress where lab_id = $1 order by passed_at, check_id`,
    values: [labId],
  });
}
