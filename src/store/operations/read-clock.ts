import type { Database } from '../database.ts';

/** The database's clock. */
export async function readClock(db: Database): Promise<Date> {
  const [row] = await db.query<{ now: Date }>({ text: 'select clock_ms() as now' });
  if (row === undefined) throw new Error('the clock gave no row');
  return row.now;
}
