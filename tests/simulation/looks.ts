/** Every look of the simulated watches, by whom, and what must have become of it. */
import type { WatchRun } from '../../src/lab/lab.ts';
import type { MemoryTables } from '../fakes/memory-tables.ts';
import { watchEverySeconds } from './lively-version.ts';

interface Look {
  readonly at: number;
  readonly good: boolean;
  readonly fence: number;
  done: boolean;
}

/** A sample is of the time on its grid when it began a little late; and a holder reads its clock to 0.1 s. */
const lateMs = 350;
const earlyMs = 100;
const widestMs = 2_000 * watchEverySeconds;

export class Looks {
  readonly #tables: MemoryTables;
  readonly #broken: (what: string) => void;
  readonly #looks = new Map<string, Look[]>();

  constructor(tables: MemoryTables, broken: (what: string) => void) {
    this.#tables = tables;
    this.#broken = broken;
  }

  begin(labId: string, look: Omit<Look, 'done'>): Look {
    const begun = { ...look, done: false };
    this.#looks.set(labId, [...(this.#looks.get(labId) ?? []), begun]);
    return begun;
  }

  get count(): number {
    return [...this.#looks.values()].reduce((sum, all) => sum + all.length, 0);
  }

  /** What a holder must write now: all that it saw and that nothing casts doubt on. */
  ofHolder(labId: string, fence: number): readonly Look[] {
    return (this.#looks.get(labId) ?? []).filter((one) => one.fence === fence && one.good && one.done);
  }

  /** After a holder wrote: nothing that it had seen by then is lost. */
  checkKept(labId: string, seen: readonly Look[]): void {
    const runs = this.#runs(labId);
    for (const { at } of seen) {
      const kept = runs.some((run) => run.good && covers(run, at));
      if (!kept) this.#broken(`${labId}: a sample of ${new Date(at).toISOString()} was lost`);
    }
  }

  /** What is kept is true: no run bridges a gap, says more than was seen, or overlaps another. */
  checkTrue(): void {
    for (const labId of this.#tables.samples.keys()) {
      const looks = (this.#looks.get(labId) ?? []).toSorted((a, b) => a.at - b.at);
      const runs = this.#runs(labId);
      for (const [n, run] of runs.entries()) {
        const next = runs[n + 1];
        if (next !== undefined && next.from < run.to) this.#broken(`${labId}: runs overlap`);
        const within = looks.filter((one) => one.good === run.good && covers(run, one.at));
        const told = `${labId}: a run from ${run.from.toISOString()} to ${run.to.toISOString()}`;
        if (run.count > within.length) this.#broken(`${told} counts ${run.count} of ${within.length} looks`);
        for (const [k, one] of within.entries()) {
          const after = within[k + 1];
          if (after !== undefined && after.at - one.at > widestMs + lateMs)
            this.#broken(`${told} hides a gap`);
        }
      }
    }
  }

  #runs(labId: string): WatchRun[] {
    const runs = [...(this.#tables.samples.get(labId)?.values() ?? [])];
    return runs.sort((a, b) => a.from.getTime() - b.from.getTime() || a.to.getTime() - b.to.getTime());
  }
}

function covers({ from, to }: WatchRun, at: number): boolean {
  return from.getTime() - earlyMs <= at && at <= to.getTime() + lateMs;
}
