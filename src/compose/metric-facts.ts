import type pg from 'pg';
import type { MetricFacts } from '../http/deps.ts';
import type { LabPhase } from '../lab/lab.ts';

type Facts = Awaited<ReturnType<MetricFacts['read']>>;

/** What only the database knows, counted when Prometheus asks. */
export function createMetricFacts(pool: pg.Pool): MetricFacts {
  async function rows<T extends object>(text: string): Promise<readonly T[]> {
    return (await pool.query<T>(text)).rows;
  }
  return {
    async read() {
      const [labs, ages, overdue] = await Promise.all([
        rows<Facts['labs'][number]>(
          `select phase, template_id as template, backend, count(*)::int as count
           from labs group by phase, template_id, backend`,
        ),
        // A lab that is resumed is used; what else changes a phase is an event.
        rows<{ phase: LabPhase; seconds: number }>(
          `select phase, extract(epoch from clock_ms() - min(since))::float8 as seconds
           from labs, lateral (
             select case when phase = 'resuming' then active_at else coalesce(max(at), created_at) end as since
             from lab_events
             where lab_id = labs.id and type in ('lab.requested', 'lab.provisioning', 'lab.terminating', 'lab.restored',
               'lab.rewound')
           ) as entered
           where phase in ('requested', 'provisioning', 'resuming', 'terminating')
           group by phase`,
        ),
        rows<{ seconds: number | null }>(
          `select extract(epoch from clock_ms() - min(due_at))::float8 as seconds
           from (select min(due_at) as due_at from labs where due_at is not null
                 union all select min(due_at) from attempts where due_at is not null) as due`,
        ),
      ]);
      return {
        labs,
        phaseAges: Object.fromEntries(ages.map(({ phase, seconds }) => [phase, Math.max(0, seconds)])),
        overdueSeconds: Math.max(0, overdue[0]?.seconds ?? 0),
      };
    },
  };
}
