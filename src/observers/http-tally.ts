/** What many requests of one kind came to. */
import type { Value, ValueType } from '../grading/types.ts';
import type { LookFailure } from './look.ts';
import { map, number, object } from './spec-parts.ts';

/** Times in ms. `errors`: no answer, or a status of 400 and above; `statuses` counts the answers. */
export const repeatType: ValueType = object({
  p50: number,
  p95: number,
  rps: number,
  errors: number,
  count: number,
  statuses: map(number),
});

/** So many failures and not one answer: it will not come. */
const hopeless = 50;

export interface Tally {
  answer(status: number, ms: number): void;
  /** A request without an answer. */
  fail(failure: LookFailure): void;
  /** Requests were on their way for so long. */
  busy(ms: number): void;
  /** Why there is no use in asking on; null while there is. */
  readonly lost: LookFailure | null;
  /** A failure when nothing was ever answered, or it was ours. */
  value(): Value | LookFailure;
}

export function createTally(): Tally {
  const durations: number[] = [];
  const statuses = new Map<string, number>();
  let refused = 0;
  let unanswered = 0;
  let busyMs = 0;
  let first: LookFailure | null = null;
  let lost: LookFailure | null = null;
  return {
    answer(status, ms) {
      durations.push(ms);
      statuses.set(String(status), (statuses.get(String(status)) ?? 0) + 1);
      if (status >= 400) refused += 1;
    },
    fail(failure) {
      unanswered += 1;
      first ??= failure;
      if (failure.problem === 'backend_down') lost ??= failure;
      else if (durations.length === 0 && unanswered >= hopeless) lost ??= first;
    },
    busy(ms) {
      busyMs += ms;
    },
    get lost() {
      return lost;
    },
    value() {
      const failure = lost ?? (durations.length === 0 ? first : null);
      if (failure !== null) return failure;
      const sorted = durations.toSorted((a, b) => a - b);
      return {
        p50: percentile(sorted, 0.5),
        p95: percentile(sorted, 0.95),
        rps: busyMs === 0 ? 0 : rounded((durations.length * 1000) / busyMs),
        errors: refused + unanswered,
        count: durations.length + unanswered,
        statuses: Object.fromEntries(statuses),
      };
    },
  };
}

/** Nearest rank. */
function percentile(sorted: readonly number[], share: number): number {
  return rounded(sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0);
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
