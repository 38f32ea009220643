/** The untouched start is ours: what cannot be seen of it is our fault, whatever a look would otherwise say. */
import { LookFailure } from './look.ts';

const ours: readonly string[] = ['backend_down', 'bug', 'untried', 'gap'];

/** @throws LookFailure `bug` for what would be the trainee's fault in their own lab. */
export async function atStart<T>(seen: Promise<T>): Promise<T> {
  try {
    return await seen;
  } catch (thrown) {
    if (!(thrown instanceof LookFailure) || ours.includes(thrown.problem)) throw thrown;
    const reason = 'The start of the lab could not be looked at; that is not your doing.';
    throw new LookFailure('bug', reason, `at the start: ${thrown.problem}: ${thrown.message}`);
  }
}

/** Making the start is our work: that it takes longer than there is time is no failure of the trainee. */
export async function orLate<T>(made: Promise<T>, signal: AbortSignal): Promise<T> {
  const late = Promise.withResolvers<never>();
  const give = () => {
    const reason = 'The start of the lab could not be made in time; that is not your doing.';
    late.reject(new LookFailure('untried', reason, 'the start was not there in time'));
  };
  signal.addEventListener('abort', give, { once: true });
  // Whoever comes second is not waited for.
  made.catch(() => {});
  late.promise.catch(() => {});
  try {
    return await Promise.race([made, late.promise]);
  } finally {
    signal.removeEventListener('abort', give);
  }
}
