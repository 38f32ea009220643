/** Whether a replica follows its primary, asked of the replica as the checker. */
import { clientFor, type Target } from './target.ts';

/** `unknown` when it does not let us in, which is the trainee's doing; `promoted` when it is a primary itself. */
export type Following = 'streams' | 'lost' | 'promoted' | 'unknown';

export async function following(target: Target): Promise<Following> {
  const client = clientFor(target, { connectionTimeoutMillis: 2_000, query_timeout: 2_000 });
  try {
    await client.connect();
    const { rows } = await client.query<{ recovers: boolean; streams: boolean }>(
      `SELECT pg_catalog.pg_is_in_recovery() AS recovers,
         EXISTS (SELECT FROM pg_catalog.pg_stat_wal_receiver WHERE status = 'streaming') AS streams`,
    );
    if (rows[0]?.recovers === false) return 'promoted';
    return rows[0]?.streams === true ? 'streams' : 'lost';
  } catch {
    return 'unknown';
  } finally {
    await client.end().catch(() => {});
  }
}
