import { staleness } from '../../grading/staleness.ts';
import type { Attempt, AttemptOutcome } from '../../grading/types.ts';
import type { Lab, LabEvent } from '../../lab/lab.ts';
import type { Database, Query } from '../database.ts';
import { jsonText } from '../well-formed.ts';
import { appendEvents } from './events.ts';
import { condemnForks } from './forks.ts';
import { voidOpenAttempt } from './void-attempt.ts';

interface Row {
  readonly labId: string;
  readonly number: number;
  readonly final: boolean;
  readonly state: Attempt['state'];
  readonly maxPoints: number;
  readonly fence: number;
  readonly sandboxId: string | null;
  readonly generations: Readonly<Record<string, number>>;
}

interface NowRow {
  readonly phase: Lab['phase'];
  readonly sandboxId: string | null;
  readonly components: Readonly<Record<string, { readonly generation: number }>> | null;
}

/**
 * All of the record or nothing. True: this worker's word was the last one, be it a grade or, when the lab is not any
 * more what was graded, `void`. False: another worker holds a newer fence, or the attempt was voided.
 */
export function finishAttempt(
  db: Database,
  id: string,
  fence: number,
  outcome: AttemptOutcome,
): Promise<boolean> {
  return db.transaction(async (query) => {
    const now = await lockLab(query, id);
    const [attempt] = await query<Row & object>({
      text: `
        select lab_id as "labId", number, final, state, max_points as "maxPoints", fence,
          sandbox_id as "sandboxId", generations
        from attempts where id = $1 for update`,
      values: [id],
    });
    if (!now || attempt?.fence !== fence) return false;
    // Recorded by this fence already: the answer to its first try was lost on the way.
    if (attempt.state !== 'running') return attempt.state === 'finished';
    const generations = Object.fromEntries(
      Object.entries(now.components ?? {}).map(([name, row]) => [name, row.generation]),
    );
    const reason = staleness(attempt, { ...now, generations }, 'while it was being graded');
    if (reason !== null) await voidOpenAttempt(query, id, reason);
    else await record(query, id, attempt, outcome);
    return true;
  });
}

/** The lab and its sandbox stay as they are until the record is written. */
async function lockLab(query: Query, attemptId: string): Promise<NowRow | null> {
  const [lab] = await query<NowRow & object>({
    text: `
      select phase, sandbox_id as "sandboxId", null as components from labs
      where id = (select lab_id from attempts where id = $1) for update`,
    values: [attemptId],
  });
  const [sandbox] = await query<{ components: NowRow['components'] }>({
    text: 'select components from sandboxes where id = $1 for share',
    values: [lab?.sandboxId],
  });
  return lab ? { ...lab, components: sandbox?.components ?? null } : null;
}

async function record(query: Query, id: string, attempt: Row, outcome: AttemptOutcome): Promise<void> {
  const { points, penalty, results } = outcome;
  const { labId, number, final, maxPoints } = attempt;
  // In one order, so that two attempts with the same evidence never wait for each other in a ring.
  const pieces = outcome.record === undefined ? outcome.evidence : [...outcome.evidence, outcome.record];
  const evidence = pieces.toSorted((a, b) => (a.address < b.address ? -1 : 1));
  await query({
    name: 'put_evidence',
    text: `
      insert into evidence (address, bytes) select * from unnest($1::text[], $2::bytea[])
      on conflict do nothing`,
    values: [evidence.map((piece) => piece.address), evidence.map((piece) => Buffer.from(piece.bytes))],
  });
  await query({
    name: 'put_check_results',
    text: `
      insert into check_results (attempt_id, place, check_id, verdict, points, max_points, message, internal,
                                 expectations, evidence, duration_ms, passed_before, looks)
      select $1, place, each->>'checkId', each->>'verdict', (each->>'points')::float8, (each->>'maxPoints')::float8,
        each->>'message', each->>'internal', each->'expectations', each->'evidence',
        (each->>'durationMs')::float8, (each->>'passedBefore')::boolean, coalesce(each->'looks', '[]')
      from json_array_elements($2::json) with ordinality as result (each, place)`,
    values: [id, jsonText(results)],
  });
  await query({
    name: 'end_attempt',
    text: `
      update attempts set state = 'finished', finished_at = clock_ms(), points = $2, penalty = $3, record = $4,
        due_at = null
      where id = $1`,
    values: [id, points, penalty, outcome.record?.address ?? null],
  });
  // At the attempt's own time: a regrade that is undone finds it again.
  await query({
    name: 'put_progress',
    text: `
      insert into check_progress (lab_id, check_id, passed_at, points)
      select lab_id, check_id, finished_at, check_results.points
      from check_results join attempts on attempts.id = attempt_id
      where attempt_id = $1 and verdict = 'pass'
      on conflict do nothing`,
    values: [id],
  });
  await condemnForks(query, id);
  if (outcome.plant !== undefined && outcome.plant.length > 0) {
    await query({ text: 'select plant_operations($1, $2)', values: [labId, jsonText(outcome.plant)] });
  }
  if (outcome.trigger !== undefined && outcome.trigger.length > 0) {
    await query({ text: 'select trigger_operations($1, $2)', values: [labId, outcome.trigger] });
  }
  const judged = results.map(
    ({ checkId, verdict, points }): LabEvent => ({
      type: 'check.judged',
      data: { attempt: number, check: checkId, verdict, points },
    }),
  );
  const data = { attempt: number, final, points, maxPoints, penalty };
  await appendEvents(query, labId, [...judged, { type: 'attempt.finished', data }]);
}
