/** What a load has sent and what came of it, rebuilt from its journal at each start. */

import { openJournalFile } from '../program/journal-file.ts';
import type { Json } from './fill.ts';

/** One request, as the journal shows it. */
export interface Entry {
  readonly seq: number;
  /** When it was sent, ISO 8601. */
  readonly at: string;
  readonly method: string;
  readonly path: string;
  /** Method and pattern, such as `GET /payments/:id`. */
  readonly route: string;
  /** 0 while there is no answer. */
  readonly status: number;
  /** `open`: nobody knows yet, or the load was killed meanwhile. `held-back`: too many were unanswered to send it. */
  readonly outcome: 'open' | 'answered' | 'timeout' | 'failed' | 'held-back';
  readonly durationMs?: number;
  /** What was sent, when it is small. */
  readonly json?: Json;
  /** What was kept of a good answer. */
  readonly saved?: { readonly [name: string]: Json };
}

type Line =
  | { readonly line: 'sent'; readonly entry: Entry; readonly n: number }
  | ({ readonly line: 'done'; readonly seq: number } & Pick<
      Entry,
      'status' | 'outcome' | 'durationMs' | 'saved'
    >);

export interface Books {
  readonly entries: readonly Entry[];
  /** Nothing more is sent then. */
  readonly full: boolean;
  /** Values by name, in the order in which they were saved. */
  readonly saved: ReadonlyMap<string, readonly Json[]>;
  /** The number of the next draw: none is sent twice, also after a restart. */
  readonly nextDraw: number;
  /** Before it is sent. @param n the number of its draw. */
  sent(entry: Omit<Entry, 'seq'>, n: number): number;
  done(seq: number, end: Pick<Entry, 'status' | 'outcome' | 'durationMs' | 'saved'>): void;
}

export function openBooks(path: string, { maxEntries = 100_000 } = {}): Books {
  const { file, lines } = openJournalFile<Line>(path);
  const entries: Entry[] = [];
  const saved = new Map<string, Json[]>();
  let nextDraw = 1;

  function apply(line: Line): void {
    if (line.line === 'sent') {
      entries.push(line.entry);
      nextDraw = line.n + 1;
      return;
    }
    const { line: _, seq, ...end } = line;
    // Numbers are given out from 1, one after the other.
    const entry = entries[seq - 1];
    if (entry !== undefined) entries[seq - 1] = { ...entry, ...end };
    for (const [name, value] of Object.entries(line.saved ?? {})) {
      const values = saved.get(name);
      if (values === undefined) saved.set(name, [value]);
      else values.push(value);
    }
  }

  function note(line: Line): void {
    file.append(line);
    apply(line);
  }

  for (const line of lines) apply(line);

  return {
    entries,
    saved,
    get full() {
      return entries.length >= maxEntries;
    },
    get nextDraw() {
      return nextDraw;
    },
    sent(entry, n) {
      const seq = entries.length + 1;
      note({ line: 'sent', entry: { seq, ...entry }, n });
      return seq;
    },
    done: (seq, end) => note({ line: 'done', seq, ...end }),
  };
}
