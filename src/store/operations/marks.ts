import type { Mark, Override } from '../../grading/types.ts';
import type { Database } from '../database.ts';
import { attemptNotFound } from '../refusals.ts';
import { jsonText, wellFormed } from '../well-formed.ts';
import { appendEvents } from './events.ts';

const asMark = 'check_id as "checkId", marks, comment, marked_by as "by", at';
const asOverride = 'attempt, check_id as "checkId", verdict, points, reason, overridden_by as "by", at';

/** What was marked before stays, and does not count any more. Throws `lab_not_found`. */
export function putMark(db: Database, labId: string, mark: Omit<Mark, 'at'>): Promise<Mark> {
  const { checkId, marks, comment, by } = mark;
  return db.transaction(async (query) => {
    await appendEvents(query, labId, [{ type: 'check.marked', data: { check: checkId, by } }]);
    const [row] = await query<Mark & object>({
      name: 'put_mark',
      text: `
        insert into marks (lab_id, check_id, marks, comment, marked_by, at) values ($1, $2, $3, $4, $5, clock_ms())
        returning ${asMark}`,
      values: [labId, checkId, jsonText(marks), comment && wellFormed(comment), wellFormed(by)],
    });
    if (row === undefined) throw new Error('put_mark gave no row');
    return row;
  });
}

/** By check. */
export function readMarks(db: Database, labId: string): Promise<readonly Mark[]> {
  return db.query<Mark & object>({
    name: 'marks',
    text: `select distinct on (check_id) ${asMark} from marks where lab_id = $1 order by check_id, id desc`,
    values: [labId],
  });
}

/** Throws `lab_not_found`, and `attempt_not_found` when the lab has none of this number. */
export function putOverride(db: Database, labId: string, override: Omit<Override, 'at'>): Promise<Override> {
  const { attempt, checkId, verdict, points, reason, by } = override;
  return db.transaction(async (query) => {
    const data = { attempt, check: checkId, verdict, points, by };
    await appendEvents(query, labId, [{ type: 'check.overridden', data }]);
    const [row] = await query<Override & object>({
      name: 'put_override',
      text: `
        insert into overrides (lab_id, attempt, check_id, verdict, points, reason, overridden_by, at)
        select lab_id, number, $3, $4, $5, $6, $7, clock_ms() from attempts where lab_id = $1 and number = $2
        returning ${asOverride}`,
      values: [labId, attempt, checkId, verdict, points, wellFormed(reason), wellFormed(by)],
    });
    if (row === undefined) throw attemptNotFound(attempt);
    return row;
  });
}

/** By attempt and check. */
export function readOverrides(db: Database, labId: string): Promise<readonly Override[]> {
  return db.query<Override & object>({
    name: 'overrides',
    text: `
      select distinct on (attempt, check_id) ${asOverride} from overrides where lab_id = $1
      order by attempt, check_id, id desc`,
    values: [labId],
  });
}
