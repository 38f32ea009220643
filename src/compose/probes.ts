import type { Probe } from '../http/deps.ts';
import type { CoreParts } from './core.ts';

/** The parts that a process stands on. */
export function probesOf({
  pool,
  queue,
  drivers,
}: Pick<CoreParts, 'pool' | 'queue' | 'drivers'>): readonly Probe[] {
  return [
    { name: 'database', required: true, check: async () => void (await pool.query('select 1')) },
    { name: 'queue', required: false, check: async () => void (await queue.depth()) },
    ...[...drivers.values()].map((driver) => ({
      name: `backend:${driver.name}`,
      required: false,
      check: async (signal: AbortSignal) => void (await driver.list(signal)),
    })),
  ];
}
