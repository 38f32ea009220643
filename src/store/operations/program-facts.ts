import type { Fact, NewFact } from '../../programs/record.ts';
import type { Database } from '../database.ts';
import { jsonText } from '../well-formed.ts';

const columns = `
  id::text, trainee, kind, item, on_day::text as "on", hours, percent, marks, comment, withdrawn,
  recorded_by as "by", at`;

/** All or none, in this order. */
export function addFacts(
  db: Database,
  programId: string,
  facts: readonly NewFact[],
): Promise<readonly Fact[]> {
  return db.once<Fact & object>({
    text: `
      insert into program_facts
        (program_id, trainee, kind, item, on_day, hours, percent, marks, comment, withdrawn, recorded_by)
      select $1, fact->>'trainee', fact->>'kind', fact->>'item', (fact->>'on')::date, (fact->>'hours')::float8,
        (fact->>'percent')::float8, case when json_typeof(fact->'marks') = 'object' then fact->'marks' end,
        fact->>'comment', (fact->>'withdrawn')::boolean, fact->>'by'
      from json_array_elements($2::json) with ordinality as given (fact, place)
      order by place
      returning ${columns}`,
    values: [programId, jsonText(facts)],
  });
}

/** In the order in which they were recorded. */
export function readFacts(
  db: Database,
  programId: string,
  trainees: readonly string[],
): Promise<readonly Fact[]> {
  return db.query<Fact & object>({
    name: 'program_facts',
    text: `
      select ${columns} from program_facts where program_id = $1 and trainee = any($2)
      order by program_facts.id`,
    values: [programId, trainees],
  });
}

/** Newest first. */
export function listFacts(
  db: Database,
  programId: string,
  query: { readonly trainee?: string; readonly before?: string; readonly limit: number },
): Promise<readonly Fact[]> {
  return db.query<Fact & object>({
    text: `
      select ${columns} from program_facts
      where program_id = $1 and ($2::text is null or trainee = $2) and ($3::bigint is null or program_facts.id < $3)
      order by program_facts.id desc limit $4`,
    values: [programId, query.trainee ?? null, query.before ?? null, query.limit],
  });
}
