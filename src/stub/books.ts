/**
 * Everything that a partner remembers, rebuilt from its journal at each start: requests, effects, answers by idempotency
 * key, tokens, mood. Nothing is remembered that is not written down first.
 */
import { createHash } from 'node:crypto';
import { openJournalFile } from '../program/journal-file.ts';
import type { Entry, Line, StoredAnswer } from './entry.ts';
import type { Struck } from './moods.ts';

export interface Books {
  readonly entries: readonly Entry[];
  /** Requests over the bounds are answered with 507 and not written down; moods and tokens stay as they are. */
  readonly full: boolean;
  readonly mood: { readonly name: string; readonly seed: number };
  nextSeq(): number;
  write(line: Extract<Line, { line: 'entry' }>): void;
  /** The request was answered or given up. */
  done(seq: number, durationMs: number): void;
  stored(route: string, key: string): StoredAnswer | null;
  /** Counts from the last change of mood. */
  struck(each: string): Struck;
  setMood(name: string, seed: number, at: Date): void;
  keepToken(token: string, actor: string, expiresAt: Date): void;
  /** Whose token it is; null when it is unknown, too old or expired. */
  actorOf(token: string, now: Date): string | null;
  expireTokens(at: Date): void;
  /** The signing key; made once. */
  readonly key: Readonly<Record<string, unknown>> | null;
  keepKey(jwk: Readonly<Record<string, unknown>>): void;
}

/** @param mood what it is in until somebody changes it. */
export function openBooks(
  path: string,
  mood: string,
  {
    maxEntries = 20_000,
    maxBytes = 32 * 1024 * 1024,
  }: { readonly maxEntries?: number; readonly maxBytes?: number } = {},
): Books {
  const { file, lines } = openJournalFile<Line>(path);
  const entries: Entry[] = [];
  const places = new Map<number, number>();
  const stored = new Map<string, StoredAnswer>();
  const tokens = new Map<string, { actor: string; expiresAt: Date }>();
  let struck = new Map<string, Struck>();
  let present = { name: mood, seed: 0 };
  let key: Readonly<Record<string, unknown>> | null = null;
  let full = false;

  function apply(line: Line): void {
    switch (line.line) {
      case 'entry': {
        places.set(line.entry.seq, entries.length);
        entries.push(line.entry);
        if (line.stored !== undefined) stored.set(`${line.stored.route}\n${line.stored.key}`, line.stored);
        if (line.each !== undefined) {
          const { before, disturbed } = struckOf(line.each);
          struck.set(line.each, { before: before + 1, disturbed: disturbed + (line.struck ? 1 : 0) });
        }
        return;
      }
      case 'done': {
        const place = places.get(line.seq);
        const entry = place === undefined ? undefined : entries[place];
        if (place !== undefined && entry !== undefined)
          entries[place] = { ...entry, durationMs: line.durationMs };
        return;
      }
      case 'mood':
        present = { name: line.mood, seed: line.seed };
        struck = new Map();
        return;
      case 'token':
        tokens.set(line.hash, { actor: line.actor, expiresAt: new Date(line.expiresAt) });
        return;
      case 'expire':
        tokens.clear();
        return;
      case 'key':
        key = line.jwk;
        return;
      case 'full':
        full = true;
    }
  }

  /** A full journal takes only the ends of what is under way: whatever else is asked for is refused, or has no effect. */
  function note(line: Line): void {
    if (full && line.line !== 'done') return;
    file.append(line);
    apply(line);
    if (!full && (entries.length >= maxEntries || file.size >= maxBytes)) {
      note({ line: 'full', at: new Date().toISOString() });
    }
  }

  const struckOf = (each: string): Struck => struck.get(each) ?? { before: 0, disturbed: 0 };

  for (const line of lines) apply(line);

  return {
    get entries() {
      return entries;
    },
    get full() {
      return full;
    },
    get mood() {
      return present;
    },
    get key() {
      return key;
    },
    nextSeq: () => (entries.at(-1)?.seq ?? 0) + 1,
    write: note,
    done: (seq, durationMs) => note({ line: 'done', seq, durationMs }),
    stored: (route, idempotencyKey) => stored.get(`${route}\n${idempotencyKey}`) ?? null,
    struck: struckOf,
    setMood: (name, seed, at) => note({ line: 'mood', mood: name, seed, at: at.toISOString() }),
    keepToken(token, actor, expiresAt) {
      note({ line: 'token', hash: hashOf(token), actor, expiresAt: expiresAt.toISOString() });
    },
    actorOf(token, now) {
      const found = tokens.get(hashOf(token));
      return found === undefined || found.expiresAt <= now ? null : found.actor;
    },
    expireTokens: (at) => note({ line: 'expire', at: at.toISOString() }),
    keepKey: (jwk) => note({ line: 'key', jwk }),
  };
}

/** Tokens are kept as hashes: who reads the journal cannot use them. */
function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
