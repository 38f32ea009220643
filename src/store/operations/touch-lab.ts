import type { Database } from '../database.ts';

/** Far less than any lab is left alone before it is paused. */
const everySeconds = 10;

/** Its version stays: that somebody uses a lab must not make others' changes of it fail. */
export async function touchLab(db: Database, labId: string): Promise<void> {
  await db.query({
    name: 'touch_lab',
    text: `
      update labs set active_at = clock_ms()
      where id = $1 and active_at < clock_ms() - $2 * interval '1 second'
        and phase not in ('terminating', 'terminated')`,
    values: [labId, everySeconds],
  });
}
