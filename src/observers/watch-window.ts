/**
 * What the samples of a watch say about a stretch of time. Pure: times are arguments, and time in which nothing was
 * sampled is unknown rather than good.
 */
import type { WatchRun } from '../lab/lab.ts';
import type { Json } from '../templates/types.ts';

export interface WindowAsked {
  readonly everyMs: number;
  /** The window: both milliseconds since 1970, the end included. */
  readonly from: number;
  readonly until: number;
  /** A steady stretch is looked for from here on; null: there is nothing to look for yet. */
  readonly steadyFrom: number | null;
  /** How long it must last; null: not asked. */
  readonly firstSteadyMs: number | null;
}

export interface WindowSeen {
  readonly count: number;
  readonly failed: number;
  /** Since when it was good for so long. */
  readonly steadyAt: number | null;
  /** Stretches of bad samples after that. */
  readonly flapsAfter: number;
  /** What the last sample showed. */
  readonly last: Json;
  readonly longestOutageMs: number;
}

/** Nothing was sampled between these two moments. */
export interface Gap {
  readonly from: number;
  readonly until: number;
}

/** Equal samples in a row within the window. */
interface Stretch {
  readonly good: boolean;
  readonly from: number;
  to: number;
}

/**
 * The first stretch of the window that is longer than two rounds and than `tailMs` at its end, in which no sample is.
 * @param tailMs how late the newest samples may be known.
 */
export function findGap(runs: readonly WatchRun[], asked: WindowAsked, tailMs: number): Gap | null {
  const most = 2 * asked.everyMs;
  let known = asked.from;
  let newest: number | null = null;
  for (const run of inOrder(runs)) {
    if (run.from.getTime() > asked.until) break;
    newest = Math.max(newest ?? 0, run.to.getTime());
    if (run.to.getTime() < asked.from) continue;
    if (run.from.getTime() - known > most) return { from: known, until: run.from.getTime() };
    known = Math.max(known, run.to.getTime());
  }
  // A window may be shorter than that, and then begin after the newest sample.
  const end = newest ?? asked.from;
  return asked.until - end > most + tailMs ? { from: end, until: asked.until } : null;
}

/** Runs may overlap the window's ends: of such a run the samples inside count, as evenly as they were taken. */
export function summarise(runs: readonly WatchRun[], asked: WindowAsked): WindowSeen {
  const inside = inOrder(runs).filter(
    (run) => run.to.getTime() >= asked.from && run.from.getTime() <= asked.until,
  );
  let count = 0;
  let failed = 0;
  const stretches: Stretch[] = [];
  for (const run of inside) {
    const samples = samplesOf(run, asked);
    if (samples === 0) continue;
    count += samples;
    if (!run.good) failed += samples;
    const last = stretches.at(-1);
    const to = Math.min(run.to.getTime(), asked.until);
    if (last?.good === run.good) last.to = to;
    else stretches.push({ good: run.good, from: Math.max(run.from.getTime(), asked.from), to });
  }
  const steadyAt = steadySince(stretches, asked);
  const flapsAfter =
    steadyAt === null ? 0 : stretches.filter((one) => !one.good && one.from > steadyAt).length;
  return {
    count,
    failed,
    steadyAt,
    flapsAfter,
    last: inside.at(-1)?.value ?? null,
    longestOutageMs: longestOutage(stretches),
  };
}

function steadySince(stretches: readonly Stretch[], asked: WindowAsked): number | null {
  const { steadyFrom, firstSteadyMs } = asked;
  if (steadyFrom === null || firstSteadyMs === null) return null;
  for (const { good, from, to } of stretches) {
    const start = Math.max(from, steadyFrom);
    if (good && to - start >= firstSteadyMs) return start;
  }
  return null;
}

/** From the first bad sample to the next good one; to the last bad one where none has come yet. */
function longestOutage(stretches: readonly Stretch[]): number {
  const outages = stretches.map((one, at) => (one.good ? 0 : (stretches[at + 1]?.from ?? one.to) - one.from));
  return Math.max(0, ...outages);
}

/** How many samples of a run lie in the window. */
function samplesOf(run: WatchRun, asked: WindowAsked): number {
  const [from, to] = [run.from.getTime(), run.to.getTime()];
  if (from >= asked.from && to <= asked.until) return run.count;
  if (run.count <= 1) return from >= asked.from && from <= asked.until ? run.count : 0;
  const apart = (to - from) / (run.count - 1);
  const first = Math.max(0, Math.ceil((asked.from - from) / apart));
  const last = Math.min(run.count - 1, Math.floor((asked.until - from) / apart));
  return Math.max(0, last - first + 1);
}

function inOrder(runs: readonly WatchRun[]): readonly WatchRun[] {
  return runs.toSorted((a, b) => a.from.getTime() - b.from.getTime());
}
