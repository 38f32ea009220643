import type { Limits } from '../../grading/limits.ts';
import type { Attempt } from '../../grading/types.ts';
import type { Lab } from '../../lab/lab.ts';
import { lateBy, refusalOf } from '../attempt-refusal.ts';
import type { Database, Query } from '../database.ts';
import { labNotFound, refusesAttempt } from '../refusals.ts';
import { attemptHistory, lockAttemptsOfTrainee } from './attempt-history.ts';
import { appendEvents } from './events.ts';
import { readAttempts } from './read-attempts.ts';

export interface AttemptRequest {
  readonly id: string;
  readonly final: boolean;
  readonly maxPoints: number;
  readonly everySeconds: number;
  readonly limits?: Limits;
  readonly alone?: boolean;
}

interface LabRow {
  readonly id: string;
  readonly pausedBecause: Lab['pausedBecause'];
  readonly phase: Lab['phase'];
  readonly sandboxId: string | null;
  readonly now: Date;
}

/** Serialised by the lab's row; throws as the port says. */
export async function requestAttempt(db: Database, labId: string, request: AttemptRequest): Promise<Attempt> {
  return db.transaction(async (query) => {
    const [lab] = await query<LabRow & object>({
      text: `
        select id, phase, sandbox_id as "sandboxId", paused_because as "pausedBecause", clock_ms() as now
        from labs where id = $1 for update`,
      values: [labId],
    });
    const [known] = await readAttempts(query, { id: request.id });
    if (known) return known;
    if (!lab) throw labNotFound(labId);
    const refusal = refusesAttempt(lab);
    if (refusal) throw refusal;
    const { attempts, coolDown } = request.limits ?? {};
    if (attempts !== undefined || coolDown !== undefined) await lockAttemptsOfTrainee(query, labId);
    const history = await attemptHistory(query, labId);
    const refused = refusalOf(history, request);
    if (refused) throw refused;
    const last = history.earlier.findLast(({ own }) => own);
    return insertAttempt(query, labId, request, {
      number: (last?.number ?? 0) + 1,
      lateSeconds: lateBy(history, request.final),
    });
  });
}

async function insertAttempt(
  query: Query,
  labId: string,
  { id, final, maxPoints, limits, alone = false }: AttemptRequest,
  { number, lateSeconds }: { readonly number: number; readonly lateSeconds: number | null },
): Promise<Attempt> {
  await query({
    text: `
      insert into attempts (id, lab_id, number, final, max_points, template_hash, sandbox_id, generations,
                            requested_at, due_at, alone, counted, late_seconds)
      select $1, lab.id, $2, $3, $4, lab.template_hash, lab.sandbox_id,
        (select coalesce(json_object_agg(name, component->'generation'), '{}')
         from json_each(sandbox.components) as each (name, component)),
        now, now, $6, $7, $8
      from labs lab join sandboxes sandbox on sandbox.id = lab.sandbox_id, clock_ms() now
      where lab.id = $5`,
    values: [id, number, final, maxPoints, labId, alone, limits !== undefined, lateSeconds],
  });
  await appendEvents(query, labId, [{ type: 'attempt.requested', data: { attempt: number, final } }]);
  const [attempt] = await readAttempts(query, { id });
  if (!attempt) throw labNotFound(labId);
  return attempt;
}
