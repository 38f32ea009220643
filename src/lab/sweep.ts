/**
 * The safety net under the queue: claims rows whose due time has come and looks at them itself. Expiry, retries,
 * labs of a dead worker and lost rings are all found here, by one indexed query, without timers per lab.
 */
import type { LabStore, WakeKey } from './ports.ts';

/** @returns how many rows were claimed. A row that fails is due again when its lease ends. */
export async function sweep(
  labs: LabStore,
  leaseSeconds: number,
  limit: number,
  handle: (key: WakeKey) => Promise<void>,
): Promise<number> {
  const due = await labs.claimDue(limit, leaseSeconds);
  await Promise.all(due.map(handle));
  return due.length;
}
