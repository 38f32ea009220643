/** Whether something still hangs when the grader should long be done, and what ends it then. */
import { setTimeout as sleep } from 'node:timers/promises';

/** A deadline of one second and the second that an attack may not take beyond it. */
export const tooLongMs = 2_000;

/** True when `work` has not come to an end by then; it is aborted in any case. */
export async function hangs(work: (signal: AbortSignal) => Promise<unknown>): Promise<boolean> {
  const stop = new AbortController();
  const ended = work(stop.signal).then(
    () => false,
    () => false,
  );
  const hung = await Promise.race([ended, sleep(tooLongMs, true)]);
  stop.abort();
  await ended;
  return hung;
}
