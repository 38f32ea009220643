import type { Attempt, CheckResult } from '../../grading/types.ts';
import type { Query } from '../database.ts';

interface Row extends Omit<Attempt, 'results'> {
  readonly results: readonly (Omit<CheckResult, 'passedBefore'> & {
    readonly passedBefore: boolean | null;
  })[];
}

type Which = { readonly id: string } | { readonly labId: string; readonly number?: number };

/** In order of their numbers. Results are written with the end of an attempt, so none is ever half there. */
export async function readAttempts(query: Query, which: Which): Promise<Attempt[]> {
  const byId = 'id' in which;
  const rows = await query<Row & object>({
    name: byId ? 'attempt_by_id' : 'attempts_of_lab',
    text: `
      select id, lab_id as "labId", number, final, state, template_hash as "templateHash",
        requested_at as "requestedAt", started_at as "startedAt", finished_at as "finishedAt",
        points, max_points as "maxPoints", penalty, void_reason as "voidReason", record,
        late_seconds as "lateSeconds",
        coalesce((
          select json_agg(json_build_object(
            'checkId', check_id, 'verdict', verdict, 'points', points, 'maxPoints', max_points,
            'message', message, 'internal', internal, 'expectations', expectations, 'evidence', evidence,
            'durationMs', duration_ms, 'passedBefore', passed_before, 'looks', looks) order by place)
          from check_results where attempt_id = attempts.id
        ), '[]') as results
      from attempts
      where ${byId ? 'id = $1' : 'lab_id = $1 and ($2::int is null or number = $2)'}
      order by number`,
    values: byId ? [which.id] : [which.labId, which.number ?? null],
  });
  return rows.map((row) => ({ ...row, results: row.results.map(toResult) }));
}

function toResult({ passedBefore, ...result }: Row['results'][number]): CheckResult {
  return passedBefore === null ? result : { ...result, passedBefore };
}
