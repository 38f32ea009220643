/** Asking again, as the API's conventions want it. */
import { setTimeout as delay } from 'node:timers/promises';
import { failureOf } from './errors.ts';

const firstMs = 100;
const longestMs = 5_000;
/** Of one wait that the API itself asks for. */
const askedAtMost = 30_000;
/** Efforts in all, of what the API could not do right now. */
const efforts = 6;
/** Where nothing answers, others wait for a lab's next try: this is only for a connection that was just cut. */
const connectEfforts = 3;

/**
 * Null: it is not worth another effort. 429 and 503 with their Retry-After, other 5xx and cut connections with a
 * back-off; 409 is for who can make a newer request of it, but for the API's own races.
 *
 * @param effort from 1.
 * @param random from 0 to 1: so that many do not come back at once.
 */
export function pauseBefore(thrown: unknown, effort: number, random: number): number | null {
  const api = failureOf(thrown);
  const backOff = Math.min(longestMs, firstMs * 2 ** (effort - 1)) * (0.5 + random / 2);
  if (api === null) return isCut(thrown) && effort < connectEfforts ? backOff : null;
  if (effort >= efforts) return null;
  // `Operation cannot be fulfilled on resourcequotas`: two creations counted at once.
  if (api.code === 409) return api.reason === 'Conflict' ? backOff : null;
  if (api.code !== 429 && api.code < 500) return null;
  if (api.retryAfterSeconds === null) return backOff;
  return Math.min(askedAtMost, api.retryAfterSeconds * 1_000) + backOff;
}

/** Throws what the last effort threw, and the signal's own reason as soon as it is aborted. */
export async function withRetries<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let effort = 1; ; effort++) {
    try {
      return await work();
    } catch (thrown) {
      signal.throwIfAborted();
      const ms = pauseBefore(thrown, effort, Math.random());
      if (ms === null) throw thrown;
      await delay(ms, undefined, { signal });
    }
  }
}

function isCut(thrown: unknown): boolean {
  const { code, message } = thrown as { code?: unknown; message?: unknown };
  if (message === 'socket hang up' || message === 'aborted') return true;
  return ['ECONNRESET', 'EPIPE', 'ECONNREFUSED', 'ECONNABORTED'].includes(String(code));
}
