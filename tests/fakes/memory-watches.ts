/** Watches of the in-memory store. */
import type { WatchRun } from '../../src/lab/lab.ts';
import { wellFormed } from '../../src/store/well-formed.ts';
import { after, inner, type MemoryTables, stored } from './memory-tables.ts';

const mostRuns = 10_000;

export class MemoryWatches {
  readonly #tables: MemoryTables;
  readonly #now: () => Date;

  constructor(tables: MemoryTables, now: () => Date) {
    this.#tables = tables;
    this.#now = now;
  }

  /** From now on, due at once. */
  add(labId: string): void {
    const fence = this.#tables.watches.get(labId)?.fence ?? 0;
    this.#tables.watches.set(labId, { fence, dueAt: this.#now() });
  }

  start(labId: string, leaseSeconds: number): { readonly fence: number } | null {
    const row = this.#living(labId);
    if (row === null) return null;
    const fence = row.fence + 1;
    this.#tables.watches.set(labId, { fence, dueAt: after(this.#now(), leaseSeconds) });
    return { fence };
  }

  keep(labId: string, fence: number, runs: readonly WatchRun[]): boolean {
    if (this.#living(labId)?.fence !== fence) return false;
    const kept = inner(this.#tables.samples, labId);
    for (const run of runs) {
      const key = JSON.stringify([run.watchId, run.from]);
      const before = kept.get(key);
      if (before !== undefined && run.to < before.to) continue;
      kept.set(key, { ...run, value: stored(run.value), detail: run.detail && wellFormed(run.detail) });
    }
    return true;
  }

  runs(labId: string, watchId: string, since: Date | null): WatchRun[] {
    return [...(this.#tables.samples.get(labId)?.values() ?? [])]
      .filter((run) => run.watchId === watchId && (since === null || run.to >= since))
      .sort((a, b) => a.from.getTime() - b.from.getTime())
      .slice(-mostRuns);
  }

  /** With the end or the pause of the lab. */
  end(labId: string): void {
    const row = this.#tables.watches.get(labId);
    if (row) this.#tables.watches.set(labId, { fence: row.fence + 1, dueAt: null });
  }

  #living(labId: string) {
    const row = this.#tables.watches.get(labId);
    const ready = this.#tables.labs.get(labId)?.lab.phase === 'ready';
    return ready && row !== undefined && row.dueAt !== null ? row : null;
  }
}
