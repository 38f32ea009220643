/** What journals tell: pure functions over entries. */
import type { Entry } from './entry.ts';

export interface Call {
  readonly key: string;
  readonly route: string;
  readonly count: number;
  /** Milliseconds from each try's arrival to the next one's. */
  readonly gapsMs: readonly number[];
}

export interface Effect {
  readonly key: string;
  readonly count: number;
}

export interface Summary {
  readonly entries: readonly Entry[];
  readonly calls: readonly Call[];
  readonly effects: readonly Effect[];
  readonly counts: Readonly<Record<string, number>>;
}

export interface Window {
  /** Entries that came at this time or later. */
  readonly since?: Date | undefined;
  /** Paths that begin so. */
  readonly path?: string | undefined;
  /** Only the newest so many entries are shown; all are counted. */
  readonly last?: number | undefined;
}

/** What is in the window, in order of arrival. `nextAfterMs` may look beyond its end, never before its start. */
export function summarise(all: readonly Entry[], { since, path, last }: Window = {}): Summary {
  const seen = all.filter(
    (entry) =>
      (since === undefined || Date.parse(entry.at) >= since.getTime()) &&
      (path === undefined || entry.path.startsWith(path)),
  );
  const tries = groupBy(seen, (entry) => (entry.call === undefined ? null : `${entry.route}\n${entry.call}`));
  const gap = new Map<number, number>();
  for (const group of tries.values()) {
    group.forEach((entry, n) => {
      const next = group[n + 1];
      if (next !== undefined) gap.set(entry.seq, Date.parse(next.at) - Date.parse(entry.at));
    });
  }
  const timed = seen.map((entry) => {
    const nextAfterMs = gap.get(entry.seq);
    return nextAfterMs === undefined ? entry : { ...entry, nextAfterMs };
  });
  return {
    entries: last === undefined ? timed : last === 0 ? [] : timed.slice(-last),
    calls: [...tries.values()].map((group) => ({
      key: group[0]?.call ?? '',
      route: group[0]?.route ?? '',
      count: group.length,
      gapsMs: group.flatMap((entry) => gap.get(entry.seq) ?? []),
    })),
    effects: counted(seen, (entry) => entry.effect ?? null).map(([key, count]) => ({ key, count })),
    counts: Object.fromEntries(counted(seen, (entry) => `${entry.route} ${entry.status}`)),
  };
}

function groupBy(entries: readonly Entry[], keyOf: (entry: Entry) => string | null): Map<string, Entry[]> {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const key = keyOf(entry);
    if (key === null) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [entry]);
    else group.push(entry);
  }
  return groups;
}

function counted(entries: readonly Entry[], keyOf: (entry: Entry) => string | null): [string, number][] {
  return [...groupBy(entries, keyOf)].map(([key, group]) => [key, group.length]);
}
