/** What a partner does with one request: pure, over what it remembers. */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Entry, Outcome, StoredAnswer } from './entry.ts';
import { fill, fillText, type Json } from './fill.ts';
import { disturbanceOf, type Struck } from './moods.ts';
import { type MoodSpec, type RefusalSpec, type RouteSpec, routeName } from './spec.ts';

export interface Asked {
  readonly json: Json;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body as it came. */
  readonly body: string;
}

/** What is remembered, and what is new. */
export interface Known {
  readonly actor: string | null;
  readonly mood: MoodSpec | undefined;
  readonly seed: number;
  struck(each: string): Struck;
  stored(route: string, key: string): StoredAnswer | null;
  readonly seq: number;
  readonly id: string;
  readonly now: Date;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly json: Json;
}

export interface Decision extends Pick<Entry, 'key' | 'call' | 'effect' | 'retryAfterMs'> {
  readonly outcome: Outcome;
  /** Null: there is none, the connection is silent and then closed, or reset at once. */
  readonly answer: Answer | null;
  /** Milliseconds before the answer, or of silence. */
  readonly afterMs: number;
  readonly stored?: StoredAnswer;
  readonly each?: string;
  readonly struck?: boolean;
}

const silentMs = 10_000;

type Settled = Pick<Decision, 'outcome' | 'effect' | 'stored'> & { readonly answer: Answer };

export function decide(route: RouteSpec, asked: Asked, known: Known): Decision {
  const name = routeName(route);
  if (route.auth === 'bearer' && known.actor === null) {
    const headers = { 'www-authenticate': 'Bearer error="invalid_token"' };
    return {
      outcome: 'unauthorized',
      afterMs: 0,
      answer: { status: 401, headers, json: { error: 'invalid_token' } },
    };
  }
  const roots = rootsOf(asked, known);
  const key = route.idempotency && asked.headers[route.idempotency.header.toLowerCase()];
  // Without what it is counted by there is no effect that anybody could tell from another.
  const effect = (route.effect && fillText(route.effect.key, roots)) || undefined;
  const call = effect ?? key;
  const each = `${name}\n${known.mood?.each === undefined ? (call ?? hashOf(name, asked)) : fillText(known.mood.each, roots)}`;
  const same = { ...(key !== undefined && { key }), ...(call !== undefined && { call }), each };

  const struck = known.struck(each);
  const strike = disturbanceOf(known.mood, { seed: known.seed, route: name, call: each, ...struck });
  if (strike?.status !== undefined) {
    const { status, retryAfter, json = { error: 'try_again_later' } } = strike;
    const headers = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
    const waits = retryAfter === undefined ? {} : { retryAfterMs: retryAfter * 1_000 };
    const answer = { status, headers, json: fill(json, roots) };
    return { ...same, ...waits, outcome: 'disturbed', answer, afterMs: 0, struck: true };
  }
  const cut = strike === null ? null : cutOf(strike);
  if (cut !== null && cut.when === 'before-effect')
    return { ...same, outcome: cut.outcome, answer: null, afterMs: cut.afterMs, struck: true };
  const settled = settle(route, asked, known, roots, { key, effect });
  if (cut !== null)
    return { ...same, ...settled, outcome: cut.outcome, answer: null, afterMs: cut.afterMs, struck: true };
  if (strike?.slowMs !== undefined)
    return { ...same, ...settled, outcome: 'slow', afterMs: strike.slowMs, struck: true };
  return { ...same, ...settled, afterMs: 0 };
}

function cutOf(strike: {
  readonly timeout?: 'before-effect' | 'after-effect' | undefined;
  readonly reset?: 'before-effect' | 'after-effect' | undefined;
  readonly silentMs?: number | undefined;
}) {
  if (strike.timeout !== undefined)
    return { when: strike.timeout, outcome: 'silent', afterMs: strike.silentMs ?? silentMs } as const;
  return strike.reset === undefined ? null : ({ when: strike.reset, outcome: 'reset', afterMs: 0 } as const);
}

/** Without any mood. */
function settle(
  route: RouteSpec,
  asked: Asked,
  known: Known,
  roots: Readonly<Record<string, Json>>,
  { key, effect }: { readonly key: string | undefined; readonly effect: string | undefined },
): Settled {
  const name = routeName(route);
  const refused = (status: number, json: Json, headers: Readonly<Record<string, string>> = {}): Settled => ({
    outcome: 'refused',
    answer: { status, headers, json },
  });
  if (route.idempotency?.required && key === undefined)
    return refused(400, { error: 'idempotency_key_missing', header: route.idempotency.header });
  const bodyHash = hashOf(name, asked);
  const stored = key === undefined ? null : known.stored(name, key);
  if (stored !== null && stored.bodyHash !== bodyHash)
    return refused(route.idempotency?.conflict ?? 409, { error: 'idempotency_key_reused' });
  if (stored !== null) {
    const headers = { ...stored.headers, 'idempotency-replayed': 'true' };
    return { outcome: 'replayed', answer: { status: stored.status, headers, json: stored.json } };
  }
  const refusal = route.refuse.find(({ when }) => holds(when, roots));
  if (refusal !== undefined)
    return refused(refusal.status, fill(refusal.json, roots), texts(refusal.headers, roots));
  const { status } = route.answer;
  const answer = {
    status,
    headers: texts(route.answer.headers, roots),
    json: fill(route.answer.json, roots),
  };
  return {
    outcome: 'answered',
    answer,
    ...(effect !== undefined && { effect }),
    ...(key !== undefined && { stored: { route: name, key, bodyHash, ...answer } }),
  };
}

function holds(when: RefusalSpec['when'], roots: Readonly<Record<string, Json>>): boolean {
  const value = fill(when.value, roots);
  if (when.exists !== undefined) return (value !== null) === when.exists;
  if (when.in !== undefined) return when.in.some((one) => isDeepStrictEqual(one, value));
  return isDeepStrictEqual(when.equals, value);
}

function rootsOf(asked: Asked, known: Known): Readonly<Record<string, Json>> {
  const { json, params, query, headers } = asked;
  const request = { json, params: { ...params }, query: { ...query }, headers: { ...headers } };
  return { request, id: known.id, n: known.seq, now: known.now.toISOString() };
}

function texts(
  headers: Readonly<Record<string, string>>,
  roots: Readonly<Record<string, Json>>,
): Record<string, string> {
  // A line break in what was filled in would begin another header.
  const clean = (text: string) => fillText(text, roots).replaceAll(/[^\x20-\x7e]/g, '');
  return Object.fromEntries(Object.entries(headers).map(([name, text]) => [name.toLowerCase(), clean(text)]));
}

/** The same JSON is the same body, however it is written. */
function hashOf(route: string, { json, body, params }: Asked): string {
  const text = JSON.stringify([route, { ...params }, json === null ? body : sorted(json)]);
  return createHash('sha256').update(text).digest('base64url');
}

function sorted(json: Json): Json {
  if (Array.isArray(json)) return json.map(sorted);
  if (json === null || typeof json !== 'object') return json;
  return Object.fromEntries(
    Object.keys(json)
      .sort()
      .map((key) => [key, sorted(json[key] ?? null)]),
  );
}
