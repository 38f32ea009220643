/**
 * The frame around every look: its time, its abort, and the turning of whatever went wrong into a value. What hangs
 * below is left behind at the deadline, so a hostile target costs at most its time.
 */
import { LookFailure } from '../grading/look-failure.ts';
import type { LookContext, Observation, Value } from '../grading/types.ts';
import { LabError } from '../lab/errors.ts';
import { limits } from './limits.ts';

export { LookFailure };

/** Runs `see` for at most `timeoutMs`. Resolves always, except that an abort of `signal` rejects with its reason. */
export async function look(
  context: Pick<LookContext, 'deadlineMs'>,
  timeoutMs: number,
  signal: AbortSignal,
  see: (within: AbortSignal) => Promise<Value>,
): Promise<Observation> {
  signal.throwIfAborted();
  const at = new Date();
  const start = performance.now();
  const budget = Math.max(1, Math.ceil(Math.min(timeoutMs, context.deadlineMs)));
  const clock = AbortSignal.timeout(budget);
  const within = AbortSignal.any([signal, clock]);
  const past = () => Math.round(performance.now() - start);
  try {
    const value = await orAborted(see(within), within);
    return { outcome: 'seen', value, at, durationMs: past() };
  } catch (thrown) {
    if (signal.aborted) throw signal.reason;
    const failure = clock.aborted ? tooSlow(budget, thrown) : asFailure(thrown);
    const { problem, reason, message: internal } = failure;
    return { outcome: 'unseen', problem, reason, internal, at, durationMs: past() };
  }
}

function tooSlow(budget: number, thrown: unknown): LookFailure {
  if (thrown instanceof LookFailure) return thrown;
  return new LookFailure(
    'slow',
    `There was no answer within ${budget / 1000} s.`,
    `no answer in ${budget} ms`,
  );
}

function asFailure(thrown: unknown): LookFailure {
  if (thrown instanceof LookFailure) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (thrown instanceof LabError && thrown.code === 'backend_unavailable') {
    return new LookFailure('backend_down', 'The lab could not be reached from our side.', message);
  }
  // A copy of the trainee's files that cannot be made, because of what they put there.
  if (thrown instanceof LabError && thrown.code === 'payload_too_large')
    return new LookFailure('oversized', message, message);
  return new LookFailure('bug', 'This could not be looked at; that is not your doing.', message);
}

/** `work`, or a rejection as soon as `signal` aborts and a short grace for `work` to clean up has passed. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const giveUp = () => {
      timer = setTimeout(() => reject(signal.reason), limits.abortGraceMs);
    };
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
    });
  });
}
