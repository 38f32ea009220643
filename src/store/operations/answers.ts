import type { AnswerValue } from '../../templates/types.ts';
import type { Database } from '../database.ts';
import { violates } from '../failure.ts';
import { labNotFound } from '../refusals.ts';
import { jsonText } from '../well-formed.ts';

export async function readAnswers(
  db: Database,
  labId: string,
): Promise<Readonly<Record<string, AnswerValue>>> {
  const rows = await db.query<{ question: string; value: AnswerValue }>({
    name: 'answers',
    text: 'select question, value from answers where lab_id = $1 order by answered_at, question',
    values: [labId],
  });
  return Object.fromEntries(rows.map(({ question, value }) => [question, value]));
}

/** The latest answer counts. Throws `lab_not_found`. */
export async function putAnswer(
  db: Database,
  labId: string,
  question: string,
  value: AnswerValue,
): Promise<void> {
  try {
    await db.query({
      name: 'put_answer',
      text: `
        insert into answers (lab_id, question, value) values ($1, $2, $3)
        on conflict (lab_id, question) do update set value = excluded.value, answered_at = clock_ms()`,
      values: [labId, question, jsonText(value)],
    });
  } catch (thrown) {
    throw violates(thrown, '23503') ? labNotFound(labId) : thrown;
  }
}
