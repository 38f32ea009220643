import type { Attempt } from '../../grading/types.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Database, Query } from '../database.ts';
import { alreadySubmitted, attemptRunning, labNotFound, refusesAttempt, tooSoon } from '../refusals.ts';
import { appendEvents } from './events.ts';
import { readAttempts } from './read-attempts.ts';

export interface AttemptRequest {
  readonly id: string;
  readonly final: boolean;
  readonly maxPoints: number;
  readonly everySeconds: number;
  readonly alone?: boolean;
}

interface LabRow {
  readonly phase: Lab['phase'];
  readonly sandboxId: string | null;
  readonly now: Date;
}

/** Serialised by the lab's row; throws as the port says. */
export async function requestAttempt(db: Database, labId: string, request: AttemptRequest): Promise<Attempt> {
  return db.transaction(async (query) => {
    const [lab] = await query<LabRow & object>({
      text: 'select phase, sandbox_id as "sandboxId", clock_ms() as now from labs where id = $1 for update',
      values: [labId],
    });
    const [known] = await readAttempts(query, { id: request.id });
    if (known) return known;
    if (!lab) throw labNotFound(labId);
    const refusal = refusesAttempt(lab);
    if (refusal) throw refusal;
    const earlier = await query<{ number: number; state: Attempt['state']; final: boolean; age: number }>({
      text: `
        select number, state, final, extract(epoch from clock_ms() - requested_at)::float8 as age
        from attempts where lab_id = $1 order by number`,
      values: [labId],
    });
    const open = earlier.find(({ state }) => state === 'queued' || state === 'running');
    if (open) throw attemptRunning(open);
    const submitted = earlier.find(({ final, state }) => final && state === 'finished');
    if (submitted && request.final) throw alreadySubmitted(submitted);
    const last = earlier.at(-1);
    const wait = last ? request.everySeconds - last.age : 0;
    if (wait > 0) throw tooSoon(Math.ceil(wait), request.everySeconds);
    return insertAttempt(query, labId, request, (last?.number ?? 0) + 1);
  });
}

async function insertAttempt(
  query: Query,
  labId: string,
  { id, final, maxPoints, alone = false }: AttemptRequest,
  number: number,
): Promise<Attempt> {
  await query({
    text: `
      insert into attempts (id, lab_id, number, final, max_points, template_hash, sandbox_id, generations,
                            requested_at, due_at, alone)
      select $1, lab.id, $2, $3, $4, lab.template_hash, lab.sandbox_id,
        (select coalesce(json_object_agg(name, component->'generation'), '{}')
         from json_each(sandbox.components) as each (name, component)),
        now, now, $6
      from labs lab join sandboxes sandbox on sandbox.id = lab.sandbox_id, clock_ms() now
      where lab.id = $5`,
    values: [id, number, final, maxPoints, labId, alone],
  });
  await appendEvents(query, labId, [{ type: 'attempt.requested', data: { attempt: number, final } }]);
  const [attempt] = await readAttempts(query, { id });
  if (!attempt) throw labNotFound(labId);
  return attempt;
}
