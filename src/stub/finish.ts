/** The end of a request: it is written down, and then what was decided is done. */
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Books } from './books.ts';
import type { Decision } from './decide.ts';
import type { Entry } from './entry.ts';
import type { Json } from './fill.ts';
import type { Received } from './request.ts';

const shownJsonChars = 4_096;

export interface FinishOptions {
  readonly books: Books;
  /** Aborted at shutdown: nobody waits for a silent answer then. */
  readonly closing: AbortSignal;
}

/** Writes down what was decided, then does it. */
export async function finish(
  request: FastifyRequest,
  reply: FastifyReply,
  { books, closing }: FinishOptions,
  known: Received,
  about: Omit<Entry, 'seq' | 'status' | 'outcome'>,
  decision: Decision,
): Promise<FastifyReply> {
  if (books.full) return reply.code(507).send({ error: 'journal_full' });
  const { answer, afterMs, outcome, stored, each, struck, key, call, effect, retryAfterMs } = decision;
  const seq = books.nextSeq();
  const entry: Entry = {
    seq,
    ...about,
    status: answer?.status ?? 0,
    outcome,
    ...(key !== undefined && { key }),
    ...(call !== undefined && { call }),
    ...(effect !== undefined && { effect }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...shown(known.asked.json, about),
  };
  books.write({
    line: 'entry',
    entry,
    ...(stored !== undefined && { stored }),
    ...(each !== undefined && { each }),
    ...(struck !== undefined && { struck }),
  });
  if (afterMs > 0) await waitWhileThere(afterMs, request.raw.socket, closing);
  if (!closing.aborted) books.done(seq, Math.round(performance.now() - known.startedAt));
  if (answer === null) {
    reply.hijack();
    if (outcome === 'reset') request.raw.socket.resetAndDestroy();
    else request.raw.socket.destroy();
    return reply;
  }
  reply.code(answer.status).headers(answer.headers);
  if (answer.json === null) return reply.send();
  // A page or a feed is a text with a type of its own.
  const typed = answer.headers['content-type'] !== undefined;
  if (typed && typeof answer.json === 'string') return reply.send(answer.json);
  if (!typed) reply.type('application/json; charset=utf-8');
  return reply.send(JSON.stringify(answer.json));
}

/** Secrets of token requests are shown to nobody. */
function shown(json: Json, about: Partial<Entry>): { json?: Json } {
  if (about.json !== undefined || json === null || JSON.stringify(json).length > shownJsonChars) return {};
  return { json };
}

/** Ends early when the client gives up, or when the stub does. */
async function waitWhileThere(ms: number, socket: Socket, closing: AbortSignal): Promise<void> {
  const gone = new AbortController();
  const leave = () => gone.abort();
  socket.once('close', leave);
  await sleep(ms, undefined, { signal: AbortSignal.any([closing, gone.signal]) }).catch(() => {});
  socket.off('close', leave);
}
