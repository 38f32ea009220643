/** The frame around every step: its time and its abort; a step that goes wrong is an outcome, not a throw. */
import type { ActionOutcome, LookContext } from '../grading/types.ts';
import { LookFailure, orAborted } from '../observers/look.ts';

/** A step that failed without a result. */
export function failed(reason: string): ActionOutcome {
  return { ok: false, reason, value: null };
}

/** Runs `work` for at most `timeoutMs`. Rejects only when `signal` is aborted. */
export async function act(
  context: Pick<LookContext, 'deadlineMs'>,
  timeoutMs: number,
  signal: AbortSignal,
  work: (within: AbortSignal) => Promise<ActionOutcome>,
): Promise<ActionOutcome> {
  signal.throwIfAborted();
  const budget = Math.max(1, Math.ceil(Math.min(timeoutMs, context.deadlineMs)));
  const clock = AbortSignal.timeout(budget);
  const within = AbortSignal.any([signal, clock]);
  try {
    return await orAborted(work(within), within);
  } catch (thrown) {
    if (signal.aborted) throw signal.reason;
    if (thrown instanceof LookFailure) return failed(`${thrown.reason} (${thrown.message})`);
    if (clock.aborted) return failed(`It was not done within ${budget / 1000} s.`);
    return failed(thrown instanceof Error ? thrown.message : String(thrown));
  }
}
