import type { Attempt, CheckResult, Mark, Override } from '../../grading/types.ts';
import type { GradedAttempt } from '../../programs/store.ts';
import type { Database } from '../database.ts';

interface Row extends Omit<Attempt, 'results' | 'requestedAt' | 'startedAt' | 'voidReason' | 'state'> {
  readonly trainee: string;
  readonly templateId: string;
  readonly results: readonly Pick<CheckResult, 'checkId' | 'verdict' | 'points' | 'maxPoints'>[];
  readonly marks: readonly (Omit<Mark, 'at'> & { readonly at: string })[];
  readonly overrides: readonly (Omit<Override, 'at'> & { readonly at: string })[];
}

/**
 * Finished attempts of many trainees at many templates in one query, each with the regrade that counts and with the
 * newest marks and overrides. Messages, evidence and times of checks are left out: nobody sums them.
 */
export async function programAttempts(
  db: Database,
  trainees: readonly string[],
  templates: readonly string[],
  handedIn: boolean,
): Promise<readonly GradedAttempt[]> {
  const rows = await db.query<Row & object>({
    name: 'program_attempts',
    text: `
      select lab.trainee, lab.template_id as "templateId", attempt.id, attempt.lab_id as "labId", number, attempt.final,
        coalesce(layer.to_hash, attempt.template_hash) as "templateHash", finished_at as "finishedAt",
        coalesce(layer.points, attempt.points) as points,
        coalesce(layer.max_points, attempt.max_points) as "maxPoints",
        coalesce(layer.penalty, attempt.penalty) as penalty,
        coalesce(layer.results, (
          select json_agg(json_build_object(
            'checkId', check_id, 'verdict', verdict, 'points', points, 'maxPoints', max_points) order by place)
          from check_results where attempt_id = attempt.id
        ), '[]') as results,
        coalesce((
          select json_agg(mark) from (
            select distinct on (check_id) check_id as "checkId", marks, comment, marked_by as "by", at
            from marks where marks.lab_id = lab.id order by check_id, id desc
          ) mark
        ), '[]') as marks,
        coalesce((
          select json_agg(said) from (
            select distinct on (check_id) attempt, check_id as "checkId", verdict, points, reason,
              overridden_by as "by", at
            from overrides where overrides.lab_id = lab.id and overrides.attempt = number
            order by check_id, id desc
          ) said
        ), '[]') as overrides
      from labs lab
      join attempts attempt on attempt.lab_id = lab.id and attempt.state = 'finished'
      left join lateral (
        select points, max_points, penalty, results, to_hash from counted_layers where attempt_id = attempt.id
      ) layer on true
      where lab.trainee = any($1) and lab.template_id = any($2) and (attempt.final or not $3)
      order by finished_at, attempt.id`,
    values: [trainees, templates, handedIn],
  });
  return rows.map(({ trainee, templateId, results, marks, overrides, ...attempt }) => ({
    trainee,
    templateId,
    attempt: {
      ...attempt,
      state: 'finished',
      // Nobody asks for these here.
      requestedAt: attempt.finishedAt ?? new Date(0),
      startedAt: null,
      voidReason: null,
      results: results.map((one) => ({ ...unseen, ...one })),
    },
    judgements: {
      marks: marks.map((one) => ({ ...one, at: new Date(one.at) })),
      overrides: overrides.map((one) => ({ ...one, at: new Date(one.at) })),
      // The one that counts is in the attempt already.
      layers: [],
    },
  }));
}

const unseen = { message: null, internal: null, expectations: [], evidence: {}, durationMs: 0 };
