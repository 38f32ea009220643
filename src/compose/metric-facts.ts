import type pg from 'pg';
import type { MetricFacts } from '../http/deps.ts';

/** What only the database knows, counted when Prometheus asks. */
export function createMetricFacts(pool: pg.Pool): MetricFacts {
  async function counts(text: string): Promise<Readonly<Record<string, number>>> {
    const { rows } = await pool.query<{ word: string; count: number }>(text);
    return Object.fromEntries(rows.map(({ word, count }) => [word, count]));
  }
  return {
    async read() {
      const [labsByPhase, checksByVerdict, ready] = await Promise.all([
        counts('select phase as word, count(*)::int as count from labs group by phase'),
        counts(
          `select verdict as word, count(*)::int as count
           from check_results join attempts on attempts.id = attempt_id where state = 'finished' group by verdict`,
        ),
        pool.query<{ p50: number | null; p95: number | null }>(
          `select percentile_cont(0.5) within group (order by seconds) as p50,
                  percentile_cont(0.95) within group (order by seconds) as p95
           from (select extract(epoch from ready_at - created_at)::float8 as seconds from labs
                 where ready_at > clock_ms() - interval '1 hour'
                   and ready_at < created_at + interval '15 minutes') as recent`,
        ),
      ]);
      const { p50 = null, p95 = null } = ready.rows[0] ?? {};
      const secondsToReady = p50 === null || p95 === null ? null : { p50, p95 };
      return { labsByPhase, checksByVerdict, secondsToReady };
    },
  };
}
