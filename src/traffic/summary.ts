/** What a load's journal tells: pure functions over its entries. */
import type { Entry } from './books.ts';
import type { Json } from './fill.ts';

export interface Window {
  /** Entries that were sent at this time or later. */
  readonly since?: Date | undefined;
  /** Paths that begin so. */
  readonly path?: string | undefined;
  /** Only the newest so many entries are shown; all are counted. */
  readonly last?: number | undefined;
}

/** In the shape of a partner's journal; a load has neither calls nor effects of its own. */
export function summarise(all: readonly Entry[], { since, path, last }: Window) {
  const seen = all.filter(
    (entry) =>
      (since === undefined || Date.parse(entry.at) >= since.getTime()) &&
      (path === undefined || entry.path.startsWith(path)),
  );
  const counts: Record<string, number> = {};
  for (const { route, status } of seen) {
    const name = `${route} ${status}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  const entries = last === undefined ? seen : last === 0 ? [] : seen.slice(-last);
  return { entries, calls: [], effects: [], counts };
}

const pageSize = 2_000;

/**
 * A page of what was sent with a key, to be held against a table: the key that the answer gave (`saved`), else the one
 * that was sent along, so that a request without an answer is known too.
 */
export function sentPage(
  all: readonly Entry[],
  {
    key,
    columns,
    after,
  }: { readonly key: string; readonly columns: readonly string[]; readonly after: number },
) {
  const page = all.slice(after, after + pageSize);
  const sent = page.flatMap(({ at, status, json, saved }) => {
    const known = saved?.[key] ?? fieldOf(json, key);
    if (known === null) return [];
    const held = columns.flatMap((column): [string, Json][] => {
      const value = fieldOf(json, column);
      return value === null ? [] : [[column, value]];
    });
    const acknowledged = status >= 200 && status < 300;
    return [{ at, key: String(known), acknowledged, sent: Object.fromEntries(held) }];
  });
  return { sent, next: after + pageSize < all.length ? after + pageSize : null };
}

function fieldOf(json: Json | undefined, name: string): Json {
  if (json === undefined || json === null || typeof json !== 'object' || Array.isArray(json)) return null;
  return Object.hasOwn(json, name) ? (json[name] ?? null) : null;
}
