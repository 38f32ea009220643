/** The same request many times: how long it takes, not what it says. Bounded in number, in width and in time. */
import { setImmediate as breathe } from 'node:timers/promises';
import type { LookContext, Value, ValueType } from '../grading/types.ts';
import type { HttpSpec } from './http.ts';
import { exchange, type HttpRequest } from './http-exchange.ts';
import { graderRequest } from './http-request.ts';
import { limits } from './limits.ts';
import { LookFailure } from './look.ts';
import { dialOrTell } from './reach.ts';
import { map, number, object } from './spec-parts.ts';

export interface Repeat {
  readonly requests: number;
  readonly concurrency: number;
  readonly warmup: number;
}

/** Times in ms. `errors`: no answer, or a status of 400 and above; `statuses` counts the answers. */
export const repeatType: ValueType = object({
  p50: number,
  p95: number,
  rps: number,
  errors: number,
  count: number,
  statuses: map(number),
});

/** So many failures and not one answer: it will not come. */
const hopeless = 50;
/** Two targets are asked in turns of about this many requests. */
const sliceOf = 20;

interface Tally {
  readonly durations: number[];
  readonly statuses: Map<string, number>;
  errors: number;
  busyMs: number;
  /** The first request without an answer. */
  failure: LookFailure | null;
  /** It is asked no more. */
  lost: boolean;
}

interface Subject {
  readonly request: HttpRequest;
  readonly context: LookContext;
  readonly component: string;
  readonly tally: Tally;
}

type RepeatedSpec = Omit<HttpSpec, 'repeat' | 'timeout'> & { readonly repeat: Repeat };

/** One target. @throws LookFailure when it never answers. */
export async function seeRepeated(
  asked: RepeatedSpec,
  context: LookContext,
  signal: AbortSignal,
): Promise<Value> {
  const [seen = null] = await seeInTurns(asked, [context], signal);
  if (seen instanceof LookFailure) throw seen;
  return seen;
}

/**
 * Several targets in small alternating slices, so that what disturbs this machine disturbs them alike. A target that
 * never answers is a failure beside the others' values.
 */
export async function seeInTurns(
  asked: RepeatedSpec,
  contexts: readonly LookContext[],
  signal: AbortSignal,
): Promise<readonly (Value | LookFailure)[]> {
  const { requests, concurrency, warmup } = asked.repeat;
  const subjects = await Promise.all(contexts.map((context) => subjectOf(asked, context)));
  for (const subject of subjects) {
    const warming = { ...subject, tally: emptyTally() };
    await send(warming, warmup, concurrency, signal);
    subject.tally.lost = warming.tally.lost;
  }
  const slice = contexts.length === 1 ? requests : Math.max(concurrency, sliceOf);
  for (let sent = 0, turn = 0; sent < requests; sent += slice, turn += 1) {
    // Whoever comes second finds a warmer machine: they take turns in that too.
    const order = turn % 2 === 0 ? subjects : subjects.toReversed();
    for (const subject of order) await send(subject, Math.min(slice, requests - sent), concurrency, signal);
  }
  return subjects.map(({ tally }) => tallied(tally));
}

async function subjectOf(asked: RepeatedSpec, context: LookContext): Promise<Subject> {
  const request = await graderRequest(asked, context.sandbox, context.fill);
  return { request, context, component: asked.component, tally: emptyTally() };
}

async function send(subject: Subject, requests: number, width: number, signal: AbortSignal): Promise<void> {
  const start = performance.now();
  let left = requests;
  const worker = async () => {
    while (left > 0 && !subject.tally.lost) {
      left -= 1;
      await one(subject, signal);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, requests) }, worker));
  subject.tally.busyMs += performance.now() - start;
}

async function one({ request, context, component, tally }: Subject, signal: AbortSignal): Promise<void> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(limits.lookMs)]);
  const start = performance.now();
  try {
    const dial = (s: AbortSignal) => dialOrTell(context.sandbox, component, s);
    const { status } = await exchange(request, dial, within);
    tally.durations.push(performance.now() - start);
    tally.statuses.set(String(status), (tally.statuses.get(String(status)) ?? 0) + 1);
    if (status >= 400) tally.errors += 1;
  } catch (thrown) {
    signal.throwIfAborted();
    const failure = within.aborted ? slow() : thrown;
    if (!(failure instanceof LookFailure)) throw failure;
    tally.errors += 1;
    const isOurs = failure.problem === 'backend_down';
    tally.failure = isOurs ? failure : (tally.failure ?? failure);
    tally.lost ||= isOurs || (tally.durations.length === 0 && tally.errors >= hopeless);
  }
  // An answer may come without a turn of the event loop in between; others have work too.
  await breathe();
}

function tallied({ durations, statuses, errors, busyMs, failure, lost }: Tally): Value | LookFailure {
  if (failure !== null && (lost || durations.length === 0)) return failure;
  const sorted = durations.toSorted((a, b) => a - b);
  const unanswered =
    errors - [...statuses].reduce((sum, [code, n]) => sum + (Number(code) >= 400 ? n : 0), 0);
  return {
    p50: percentile(sorted, 0.5),
    p95: percentile(sorted, 0.95),
    rps: busyMs === 0 ? 0 : rounded((durations.length * 1000) / busyMs),
    errors,
    count: durations.length + unanswered,
    statuses: Object.fromEntries(statuses),
  };
}

/** Nearest rank. */
function percentile(sorted: readonly number[], share: number): number {
  return rounded(sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0);
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

function emptyTally(): Tally {
  return { durations: [], statuses: new Map(), errors: 0, busyMs: 0, failure: null, lost: false };
}

function slow(): LookFailure {
  return new LookFailure(
    'slow',
    `There was no answer within ${limits.lookMs / 1000} s.`,
    'one request of many',
  );
}
