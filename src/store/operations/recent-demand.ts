import type { BackendName } from '../../templates/types.ts';
import type { Database } from '../database.ts';

export interface Demand {
  readonly templateId: string;
  readonly class: string | null;
  readonly backend: BackendName;
}

/** What labs were asked for in the last `seconds`, most asked for first. All phases are named for the index's sake. */
export function recentDemand(db: Database, seconds: number): Promise<readonly Demand[]> {
  return db.query<Demand & object>({
    name: 'recent_demand',
    text: `
      select template_id as "templateId", class, backend from labs
      where phase = any('{requested,provisioning,ready,terminating,terminated}')
        and created_at > now() - $1 * interval '1 second'
      group by template_id, class, backend
      order by count(*) desc, template_id, class, backend`,
    values: [seconds],
  });
}
