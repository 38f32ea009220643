/** The same request many times: how long it takes, not what it says. Bounded in number, in width and in time. */
import { setImmediate as breathe } from 'node:timers/promises';
import type { LookContext, Value } from '../grading/types.ts';
import type { HttpSpec } from './http.ts';
import { exchange, type HttpRequest } from './http-exchange.ts';
import { graderRequest } from './http-request.ts';
import { createTally, type Tally } from './http-tally.ts';
import { limits } from './limits.ts';
import { LookFailure } from './look.ts';
import { dialOrTell } from './reach.ts';
import { type Door, doorOf } from './service-place.ts';

export interface Repeat {
  readonly requests: number;
  readonly concurrency: number;
  readonly warmup: number;
}

/** Two targets are asked in turns of about this many requests. */
const sliceOf = 20;

interface Subject {
  readonly request: HttpRequest;
  readonly context: LookContext;
  readonly door: Door;
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
    const warming = { ...subject, tally: createTally() };
    await send(warming, warmup, concurrency, signal);
    if (warming.tally.lost !== null) subject.tally.fail(warming.tally.lost);
  }
  const slice = contexts.length === 1 ? requests : Math.max(concurrency, sliceOf);
  for (let sent = 0, turn = 0; sent < requests; sent += slice, turn += 1) {
    // Whoever comes second finds a warmer machine: they take turns in that too.
    const order = turn % 2 === 0 ? subjects : subjects.toReversed();
    for (const subject of order) await send(subject, Math.min(slice, requests - sent), concurrency, signal);
  }
  return subjects.map(({ tally }) => tally.value());
}

async function subjectOf(asked: RepeatedSpec, context: LookContext): Promise<Subject> {
  const door = doorOf(asked, context.fill);
  const request = await graderRequest(asked, door, context.sandbox, context.fill);
  return { request, context, door, tally: createTally() };
}

async function send(subject: Subject, requests: number, width: number, signal: AbortSignal): Promise<void> {
  const start = performance.now();
  let left = requests;
  const worker = async () => {
    while (left > 0 && subject.tally.lost === null) {
      left -= 1;
      await one(subject, signal);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, requests) }, worker));
  subject.tally.busy(performance.now() - start);
}

async function one({ request, context, door, tally }: Subject, signal: AbortSignal): Promise<void> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(limits.lookMs)]);
  const start = performance.now();
  try {
    const dial = (s: AbortSignal) => dialOrTell(context.sandbox, door, s);
    const { status } = await exchange(request, dial, within);
    tally.answer(status, performance.now() - start);
  } catch (thrown) {
    signal.throwIfAborted();
    const failure = within.aborted ? slow() : thrown;
    if (!(failure instanceof LookFailure)) throw failure;
    tally.fail(failure);
  }
  // An answer may come without a turn of the event loop in between; others have work too.
  await breathe();
}

function slow(): LookFailure {
  return new LookFailure(
    'slow',
    `There was no answer within ${limits.lookMs / 1000} s.`,
    'one request of many',
  );
}
