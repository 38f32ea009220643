/** Sends requests at a steady rate, and never more than a few at once. */
import type { Books, Entry } from './books.ts';
import { type Drawn, drawRequest } from './draw.ts';
import { type Json, valueAt } from './fill.ts';
import type { TrafficSpec } from './spec.ts';

const mostInFlight = 20;
const answerBytes = 64 * 1024;
const shownJsonChars = 2_048;

export interface LoadOptions {
  readonly spec: TrafficSpec;
  readonly books: Books;
  readonly target: string;
  /** Requests a second. */
  readonly rate: number;
  readonly seed: string;
}

/** Begins at once; resolves when `signal` is aborted and what was in flight has ended. */
export function startLoad(
  { spec, books, target, rate, seed }: LoadOptions,
  signal: AbortSignal,
): Promise<void> {
  const inFlight = new Set<Promise<void>>();
  let login: Promise<string | null> | null = null;
  let missed = 0;

  function tick(): void {
    if (books.full) return;
    const now = new Date();
    const n = books.nextDraw + missed;
    const drawn = drawRequest(spec.requests, { seed, n, now }, books.saved);
    if (drawn === null) {
      missed += 1;
      return;
    }
    missed = 0;
    const { method, path, route, json } = drawn;
    const about = { at: now.toISOString(), method, path, route, status: 0, ...small(json) };
    if (inFlight.size >= mostInFlight) {
      books.sent({ ...about, outcome: 'held-back' }, n);
      return;
    }
    const seq = books.sent({ ...about, outcome: 'open' }, n);
    const sending = send(drawn).then((end) => books.done(seq, end));
    inFlight.add(sending);
    void sending.finally(() => inFlight.delete(sending));
  }

  async function send(drawn: Drawn): Promise<Pick<Entry, 'status' | 'outcome' | 'durationMs' | 'saved'>> {
    const start = performance.now();
    const past = () => Math.round(performance.now() - start);
    const clock = AbortSignal.timeout(spec.timeoutMs);
    try {
      const token = await tokenOf(clock);
      const signedInWith = login;
      const bearer = token === null ? {} : { authorization: `Bearer ${token}` };
      const { status, json } = await exchange(
        drawn.method,
        drawn.path,
        { ...bearer, ...drawn.headers },
        drawn.json,
        clock,
      );
      // An answer that comes late says nothing about who has signed in since.
      if (status === 401 && login === signedInWith) login = null;
      const good = status >= 200 && status < 300;
      const kept = Object.entries(good ? drawn.save : {}).map(([name, path]) => [name, valueAt(json, path)]);
      const saved = Object.fromEntries(kept.filter(([, value]) => value !== null)) as Record<string, Json>;
      const some = kept.length > 0 ? { saved } : {};
      return { status, outcome: 'answered', durationMs: past(), ...some };
    } catch {
      return { status: 0, outcome: clock.aborted ? 'timeout' : 'failed', durationMs: past() };
    }
  }

  function tokenOf(clock: AbortSignal): Promise<string | null> {
    const { login: how } = spec;
    if (how === undefined) return Promise.resolve(null);
    login ??= exchange('POST', how.path, {}, how.json, clock).then(({ json }) => {
      const token = valueAt(json, how.token);
      if (typeof token !== 'string') throw new Error('no token');
      return token;
    });
    return login.catch((error) => {
      login = null;
      throw error;
    });
  }

  async function exchange(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    json: Json | undefined,
    clock: AbortSignal,
  ): Promise<{ readonly status: number; readonly json: Json }> {
    const answer = await fetch(`${target}${path}`, {
      method,
      redirect: 'manual',
      headers: { ...(json !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(json !== undefined && { body: JSON.stringify(json) }),
      signal: AbortSignal.any([clock, signal]),
    });
    return { status: answer.status, json: await bodyOf(answer) };
  }

  return new Promise((resolve) => {
    const timer = setInterval(tick, 1_000 / rate);
    const end = () => {
      clearInterval(timer);
      void Promise.allSettled(inFlight).then(() => resolve());
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}

/** Null when it is no JSON, or more than anybody asked for. */
async function bodyOf(answer: Response): Promise<Json> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.byteLength;
    // Leaving the loop gives up the rest of the body, and the connection with it.
    if (bytes > answerBytes) return null;
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString()) as Json;
  } catch {
    return null;
  }
}

function small(json: Json | undefined): { json?: Json } {
  return json === undefined || JSON.stringify(json).length > shownJsonChars ? {} : { json };
}
