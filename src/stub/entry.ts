import type { Json } from './fill.ts';

/** What became of a request. */
export type Outcome =
  /** As the file says. */
  | 'answered'
  /** The answer of an earlier request with the same idempotency key. */
  | 'replayed'
  /** By `refuse`, or its idempotency key was missing or used for another body. */
  | 'refused'
  | 'unauthorized'
  | 'not-found'
  /** Disturbed by the mood. */
  | 'disturbed'
  | 'slow'
  | 'silent'
  | 'reset';

/** One request, as the journal shows it. */
export interface Entry {
  readonly seq: number;
  /** When it came, ISO 8601. */
  readonly at: string;
  readonly method: string;
  readonly path: string;
  /** Method and the route's pattern, such as `GET /charges/:id`. */
  readonly route: string;
  /** 0 when it got no answer. */
  readonly status: number;
  readonly outcome: Outcome;
  /** Its idempotency key. */
  readonly key?: string;
  /** What it is a try of: the effect's key, else its idempotency key. */
  readonly call?: string;
  /** The effect that it had, by its key. */
  readonly effect?: string;
  /** Milliseconds until it was answered or given up; absent while it is open. */
  readonly durationMs?: number;
  readonly retryAfterMs?: number;
  /** Milliseconds from its arrival to that of the next try of the same call. */
  readonly nextAfterMs?: number;
  readonly json?: Json;
  /** Client or user of its token. */
  readonly actor?: string;
}

/** What is kept of an answer for its idempotency key. */
export interface StoredAnswer {
  readonly route: string;
  readonly key: string;
  readonly bodyHash: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly json: Json;
}

/** Lines of the journal's file. An effect, its entry and its answer are one line: all of it or nothing. */
export type Line =
  | {
      readonly line: 'entry';
      readonly entry: Entry;
      readonly stored?: StoredAnswer;
      /** How the mood told this call apart, and whether it struck. */
      readonly each?: string;
      readonly struck?: boolean;
    }
  | { readonly line: 'done'; readonly seq: number; readonly durationMs: number }
  | { readonly line: 'mood'; readonly mood: string; readonly seed: number; readonly at: string }
  | { readonly line: 'token'; readonly hash: string; readonly actor: string; readonly expiresAt: string }
  | { readonly line: 'expire'; readonly at: string }
  | { readonly line: 'key'; readonly jwk: { readonly [key: string]: unknown } }
  | { readonly line: 'full'; readonly at: string };
