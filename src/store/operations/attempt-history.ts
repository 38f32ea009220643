import type { AttemptHistory, EarlierAttempt } from '../../grading/types.ts';
import type { Due } from '../../lab/releases/types.ts';
import type { Query } from '../database.ts';
import { labNotFound } from '../refusals.ts';

interface LabRow {
  readonly now: Date;
  readonly dueAt: Date | null;
  readonly late: Due['late'];
}

/** Throws `lab_not_found`. */
export async function attemptHistory(query: Query, labId: string): Promise<AttemptHistory> {
  const [lab] = await query<LabRow & object>({
    name: 'attempt_due',
    text: `
      select clock_ms() as now, class_dues.due_at as "dueAt", late
      from labs left join class_dues on class_id = class and class_dues.template_id = labs.template_id
      where id = $1`,
    values: [labId],
  });
  if (lab === undefined) throw labNotFound(labId);
  const earlier = await query<EarlierAttempt & object>({
    name: 'attempt_history',
    text: `
      select lab_id = $1 as own, number, final, state, counted, requested_at as "requestedAt",
        finished_at as "finishedAt",
        coalesce((
          select json_agg(json_build_object('checkId', check_id, 'verdict', verdict, 'points', points))
          from check_results where attempt_id = attempts.id
        ), '[]') as results
      from attempts
      where lab_id in (
        select $1 union
        select other.id from labs join labs other using (class, template_id, trainee) where labs.id = $1
      )
      order by requested_at, lab_id, number`,
    values: [labId],
  });
  const { now, dueAt, late } = lab;
  return { earlier, due: dueAt === null ? null : { at: dueAt, late }, now };
}

/**
 * What is counted over several labs of a trainee changes in one of them at a time. The caller holds the lab's row; nobody
 * who has this lock waits for another lab.
 */
export async function lockAttemptsOfTrainee(query: Query, labId: string): Promise<void> {
  await query({
    text: `
      select pg_advisory_xact_lock(7006, hashtext(class || chr(10) || template_id || chr(10) || trainee))
      from labs where id = $1 and class is not null`,
    values: [labId],
  });
}
