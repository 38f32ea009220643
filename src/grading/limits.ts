/** How often a lab may be graded on demand. Handing in is never held back by it. Pure. */
import type { GradingSpec } from '../templates/types.ts';
import type { EarlierAttempt } from './types.ts';

/** Pauses grow to this and no further, unless the template's first one is longer. */
const longestPauseSeconds = 3_600;

export interface Limits extends Pick<GradingSpec, 'attempts' | 'coolDown'> {
  /** Checks whose verdicts are kept back: no pause may tell of them. */
  readonly hidden?: ReadonlySet<string>;
}

export interface Allowance {
  /** Attempts that count by now. */
  readonly used: number;
  /** Null: as many as one likes. */
  readonly left: number | null;
  /** When the next one is possible, and why not before; null: at once. */
  readonly pause: {
    readonly until: Date;
    readonly because: 'every' | 'coolDown';
    readonly seconds: number;
  } | null;
  /** Attempts in a row that gained nothing. */
  readonly inVain: number;
}

/**
 * @param earlier oldest first: of this lab, and in a class of all labs that its trainee had of the template.
 * @param everySeconds between two requests in this lab.
 */
export function allowanceOf(
  earlier: readonly EarlierAttempt[],
  limits: Limits,
  everySeconds: number,
  now: Date,
): Allowance {
  const used = earlier.filter(counts).length;
  const inVain = rowInVain(earlier, limits.hidden ?? new Set());
  const lastOwn = earlier.findLast(({ own }) => own);
  const pauses = [
    { until: lastOwn && later(lastOwn.requestedAt, everySeconds), because: 'every', seconds: everySeconds },
    { ...coolDown(earlier, inVain, limits), because: 'coolDown' },
  ] as const;
  const [longest] = pauses
    .flatMap(({ until, ...pause }) => (until === undefined || until <= now ? [] : [{ until, ...pause }]))
    .sort((a, b) => b.until.getTime() - a.until.getTime());
  return {
    used,
    left: limits.attempts === undefined ? null : Math.max(0, limits.attempts - used),
    pause: longest ?? null,
    inVain,
  };
}

/** What we could not look at, or threw away, is not charged. */
function counts({ final, counted, state, results }: EarlierAttempt): boolean {
  return counted && !final && state !== 'void' && results.every(({ verdict }) => verdict !== 'error');
}

/** How many of the newest attempts passed no more than the best before them, and scored no more. */
function rowInVain(earlier: readonly EarlierAttempt[], hidden: ReadonlySet<string>): number {
  const best = { passes: 0, points: 0 };
  let row = 0;
  for (const one of earlier) {
    if (one.state !== 'finished') continue;
    const shown = one.results.filter(({ checkId }) => !hidden.has(checkId));
    const passes = shown.filter(({ verdict }) => verdict === 'pass').length;
    const points = shown.reduce((sum, result) => sum + result.points, 0);
    if (passes > best.passes || points > best.points) row = 0;
    else if (counts(one)) row++;
    best.passes = Math.max(best.passes, passes);
    best.points = Math.max(best.points, points);
  }
  return row;
}

/** After so many attempts in vain each further one waits, twice as long every time. */
function coolDown(
  earlier: readonly EarlierAttempt[],
  inVain: number,
  { coolDown: spec }: Limits,
): { readonly until: Date | undefined; readonly seconds: number } {
  const last = earlier.findLast((one) => one.state === 'finished' && counts(one));
  if (spec === undefined || inVain < spec.after || last === undefined)
    return { until: undefined, seconds: 0 };
  const longest = Math.max(longestPauseSeconds, spec.forSeconds);
  const seconds = Math.min(longest, spec.forSeconds * 2 ** (inVain - spec.after));
  return { until: later(last.finishedAt ?? last.requestedAt, seconds), seconds };
}

function later(time: Date, seconds: number): Date {
  return new Date(time.getTime() + seconds * 1_000);
}
