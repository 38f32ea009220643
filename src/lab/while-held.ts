/** Work on a row that only one worker should do at a time. */
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import type { LabStore, WakeKey } from './ports.ts';

export interface HoldDeps {
  readonly labs: Pick<LabStore, 'holdDue'>;
  readonly leaseSeconds: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Well before the lease ends, so that one renewal may fail. */
const renewAfter = 0.35;

/**
 * Renews the row's lease while `work` runs, so that no other worker takes it for a dead worker's. Gives and throws
 * what `work` does; a renewal that fails is only logged.
 */
export async function whileHeld<T>(key: WakeKey, deps: HoldDeps, work: () => Promise<T>): Promise<T> {
  const done = new AbortController();
  const held = renew(key, deps, done.signal);
  try {
    return await work();
  } finally {
    done.abort();
    await held;
  }
}

async function renew(key: WakeKey, deps: HoldDeps, done: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await deps.clock.sleep(deps.leaseSeconds * 1000 * renewAfter, done);
    } catch {
      return;
    }
    try {
      await deps.labs.holdDue(key, deps.leaseSeconds);
    } catch (thrown) {
      deps.log.warn({ key, err: thrown }, 'could not renew a lease');
    }
  }
}
