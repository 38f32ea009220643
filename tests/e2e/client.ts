/** The HTTP API as a client on another machine would use it: JSON over `fetch`, problems as errors with their code. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Verdict } from '../../src/grading/types.ts';
import type { LabWire } from '../../src/http/lab-wire.ts';
import type { AnswerValue } from '../../src/templates/types.ts';

export type { LabWire };

export interface CheckWire {
  readonly check: string;
  readonly verdict: Verdict | null;
  readonly points: number | null;
  readonly maxPoints: number;
  readonly shown: boolean;
  readonly title: string;
  readonly message: string | null;
  readonly internal?: string | null;
}

export interface AttemptWire {
  readonly number: number;
  readonly final: boolean;
  readonly state: 'queued' | 'running' | 'finished' | 'void';
  readonly points: number | null;
  readonly maxPoints: number;
  readonly voidReason: string | null;
  readonly results: readonly CheckWire[];
}

export interface AccessWire {
  readonly components: Readonly<
    Record<string, { readonly kind: string; readonly facts: Readonly<Record<string, unknown>> }>
  >;
}

/** An answer that is not 2xx. */
export class HttpProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly retryAfterSeconds: number;

  constructor(what: string, status: number, body: { code?: string; detail?: string }, retryAfter: number) {
    super(`${what}: ${status} ${body.code ?? ''} ${body.detail ?? ''}`);
    this.status = status;
    this.code = body.code ?? 'none';
    this.retryAfterSeconds = retryAfter;
  }
}

export type Client = ReturnType<typeof createClient>;

export interface Wish {
  readonly template: string;
  readonly trainee?: string;
  readonly seed?: string;
  readonly ttl?: string;
}

const pollMs = 40;

/** Null when the server asks to try again in a moment, as a machine that is busy with other tests makes it do. */
async function unlessBusy<T>(asking: Promise<T>): Promise<T | null> {
  try {
    return await asking;
  } catch (problem) {
    if (problem instanceof HttpProblem && problem.status === 503) return null;
    throw problem;
  }
}

export function createClient(baseUrl: string, token: string) {
  async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${baseUrl}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    if (response.ok) return answer as T;
    const retryAfter = Number(response.headers.get('retry-after') ?? 0);
    throw new HttpProblem(`${method} ${path}`, response.status, answer as { code?: string }, retryAfter);
  }

  const lab = (id: string) => call<LabWire>('GET', `/labs/${id}`);

  /** Follows the lab until `done`; throws what it last said when that takes too long or it ends instead. */
  async function until(id: string, done: (lab: LabWire) => boolean, withinMs = 30_000): Promise<LabWire> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const now = await unlessBusy(lab(id));
      if (now !== null && done(now)) return now;
      if (now?.status === 'ended') throw new Error(`lab ${id} has ended: ${now.message}`);
      if (performance.now() > deadline)
        throw new Error(`lab ${id} after ${withinMs} ms: ${now?.message ?? 'no answer'}`);
      await delay(pollMs);
    }
  }
  const untilReady = (id: string, withinMs?: number) =>
    until(id, ({ status }) => status === 'ready', withinMs);
  const untilEnded = (id: string, withinMs?: number) =>
    until(id, ({ status }) => status === 'ended', withinMs);

  const attempt = (id: string, number: number) => call<AttemptWire>('GET', `/labs/${id}/attempts/${number}`);

  async function untilGraded(id: string, number: number): Promise<AttemptWire> {
    for (;;) {
      const now = await unlessBusy(attempt(id, number));
      if (now?.state === 'finished' || now?.state === 'void') return now;
      await delay(pollMs);
    }
  }

  /** Asks for an attempt as soon as the template lets one; gives its number. */
  async function startGrading(id: string): Promise<number> {
    for (;;) {
      try {
        return (await call<AttemptWire>('POST', `/labs/${id}/attempts`, {})).number;
      } catch (problem) {
        if (!(problem instanceof HttpProblem) || problem.code !== 'too_soon') throw problem;
        await delay(problem.retryAfterSeconds * 1000);
      }
    }
  }

  return {
    call,
    create: (wish: Wish) => call<LabWire>('POST', '/labs', wish),
    lab,
    until,
    untilReady,
    untilEnded,
    access: (id: string) => call<AccessWire>('GET', `/labs/${id}/access`),
    reset: (id: string, body: object = {}) => call<LabWire>('POST', `/labs/${id}/reset`, body),
    remove: (id: string) => call<LabWire>('DELETE', `/labs/${id}`),
    answer: (id: string, question: string, value: AnswerValue) =>
      call('PUT', `/labs/${id}/answers/${question}`, { value }),
    startGrading,
    attempt,
    untilGraded,
    /** Void is an answer too. */
    grade: async (id: string) => untilGraded(id, await startGrading(id)),
  };
}
