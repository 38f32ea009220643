/**
 * Samples of a lab's watches, joined to runs of equal ones until they are written. A run that goes on is written again
 * under the same beginning, with a later end.
 */
import type { WatchRun } from '../../lab/lab.ts';

export interface Sample extends Pick<WatchRun, 'watchId' | 'good' | 'value' | 'detail'> {
  readonly at: Date;
  /** Seconds; two samples further apart than twice this have a gap between them. */
  readonly everySeconds: number;
}

export interface RunBuffer {
  add(sample: Sample): void;
  /** What is not written yet, oldest first. */
  unwritten(): readonly WatchRun[];
  /** These were written: only what comes after them is not. */
  written(runs: readonly WatchRun[]): void;
}

/** So many runs wait at most while they cannot be written; the oldest are forgotten first, which shows as a gap. */
const mostRuns = 5_000;

export function createRunBuffer(): RunBuffer {
  const open = new Map<string, WatchRun>();
  let waiting: WatchRun[] = [];

  return {
    add({ at, everySeconds, ...sample }) {
      const before = open.get(sample.watchId);
      const joins =
        before !== undefined &&
        before.good === sample.good &&
        at.getTime() - before.to.getTime() <= 2_000 * everySeconds;
      const run: WatchRun = joins
        ? { ...before, ...sample, to: at, count: before.count + 1 }
        : { ...sample, from: at, to: at, count: 1 };
      open.set(sample.watchId, run);
      waiting = [...waiting.filter((one) => one !== before || !joins), run].slice(-mostRuns);
    },
    unwritten: () => waiting,
    written(runs) {
      const done = new Set(runs);
      waiting = waiting.filter((run) => !done.has(run));
    },
  };
}
