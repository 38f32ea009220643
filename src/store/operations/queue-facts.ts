import type { Lab } from '../../lab/lab.ts';
import type { Database } from '../database.ts';

export interface QueueFacts {
  /** 1 = next; 0 when the lab does not wait. */
  readonly position: number;
  readonly p50Seconds: number | null;
  readonly p90Seconds: number | null;
}

/**
 * Seconds to ready are those of the last 50 labs of this template and backend that became ready. A lab that was put back
 * to its start was ready anew later: that is no time that anybody waited.
 */
export async function queueFacts(db: Database, lab: Lab): Promise<QueueFacts> {
  const [row] = await db.query<QueueFacts & object>({
    name: 'queue_facts',
    text: `
      select
        (select count(*)::int from labs mine
         join labs other on other.backend = mine.backend and other.phase in ('requested', 'provisioning')
          and (other.created_at, other.id) <= (mine.created_at, mine.id)
         where mine.id = $1 and mine.phase in ('requested', 'provisioning')) as position,
        percentile_cont(0.5) within group (order by waited) as "p50Seconds",
        percentile_cont(0.9) within group (order by waited) as "p90Seconds"
      from (
        select extract(epoch from ready_at - created_at)::float8 as waited from labs
        where template_id = $2 and backend = $3 and ready_at < created_at + interval '15 minutes'
        order by ready_at desc limit 50
      ) served`,
    values: [lab.id, lab.templateId, lab.backend],
  });
  return row ?? { position: 0, p50Seconds: null, p90Seconds: null };
}
