import type { HelpRequest, PeopleStore } from '../../grading/types.ts';
import type { Database, Query } from '../database.ts';
import { wellFormed } from '../well-formed.ts';
import { appendEvents } from './events.ts';

type Question = Parameters<PeopleStore['askHelp']>[1];
type Answer = Parameters<PeopleStore['answerHelp']>[2];
type HelpQuery = Parameters<PeopleStore['listHelp']>[0];

const helpRequest = `
  select help.id, lab_id as "labId", trainee, template_id as "templateId", task, message, asked_at as "askedAt",
    answer, answered_by as "answeredBy", answered_at as "answeredAt"
  from help_requests help join labs on labs.id = lab_id`;

/** What was asked before and not answered is gone, so that nobody answers it. Throws `lab_not_found`. */
export function askHelp(db: Database, labId: string, { id, task, message }: Question): Promise<HelpRequest> {
  return db.transaction(async (query) => {
    await appendEvents(query, labId, [{ type: 'help.requested', data: { help: id, task } }]);
    await query({
      text: 'delete from help_requests where lab_id = $1 and answered_at is null',
      values: [labId],
    });
    await query({
      text: 'insert into help_requests (id, lab_id, task, message, asked_at) values ($1, $2, $3, $4, clock_ms())',
      values: [id, labId, task, wellFormed(message)],
    });
    return readOne(query, id);
  });
}

/** Null when it is not open, or not this lab's. */
export function answerHelp(
  db: Database,
  labId: string,
  id: string,
  { text, by }: Answer,
): Promise<HelpRequest | null> {
  return db.transaction(async (query) => {
    await query({ text: 'select from labs where id = $1 for update', values: [labId] });
    const answered = await query({
      text: `
        update help_requests set answer = $3, answered_by = $4, answered_at = clock_ms()
        where id = $1 and lab_id = $2 and answered_at is null
        returning id`,
      values: [id, labId, wellFormed(text), wellFormed(by)],
    });
    if (answered.length === 0) return null;
    await appendEvents(query, labId, [{ type: 'help.answered', data: { help: id, by } }]);
    return readOne(query, id);
  });
}

/** Open ones first, oldest first; then the newest answered ones. */
export function listHelp(db: Database, { labId, open, limit }: HelpQuery): Promise<readonly HelpRequest[]> {
  return db.query<HelpRequest & object>({
    text: `
      ${helpRequest}
      where ($1::text is null or lab_id = $1) and ($2::boolean is null or (answered_at is null) = $2)
      order by answered_at desc nulls first, asked_at, help.id limit $3`,
    values: [labId ?? null, open ?? null, limit],
  });
}

async function readOne(query: Query, id: string): Promise<HelpRequest> {
  const [row] = await query<HelpRequest & object>({
    text: `${helpRequest} where help.id = $1`,
    values: [id],
  });
  if (row === undefined) throw new Error('a help request gave no row');
  return row;
}
