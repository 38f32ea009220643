/** Our way to the agent in a lab's gateway: opened at need, closed after a while of nobody using it, opened again. */
import { addAbortSignal, type Duplex, Readable } from 'node:stream';
import type { Channel } from '../../gateway/channel.ts';
import { createLink, type Link } from '../../gateway/link.ts';
import { mostChannels, type Opening, type Reason, type Refusal } from '../../gateway/protocol.ts';
import { type ErrorCode, LabError } from '../../lab/errors.ts';

const idleMs = 60_000;
const openWithinMs = 30_000;

export interface AgentSession {
  /** Throws LabError `backend_unavailable` when the agent cannot be started, or what `pipe` throws. */
  open(signal: AbortSignal): Promise<void>;
  /**
   * A channel that was accepted. Opened again where the session was lost meanwhile, so it must be for what may be done
   * twice; `body` is written and ended, and where it is a stream, nothing is tried again. `signal` also ends the channel.
   * Throws LabError `backend_unavailable` or what the agent said, or the signal's reason.
   */
  channel(opening: Opening, body: Uint8Array | Readable | null, signal: AbortSignal): Promise<Channel>;
  /** A connection to a name in the sandbox's network. Throws LabError `backend_unavailable`, or the signal's reason. */
  dial(host: string, port: number, signal: AbortSignal): Promise<Duplex>;
  /** Ends all that is open; nothing is opened any more. */
  close(): void;
  isClosed(): boolean;
}

/** @param pipe starts the agent: its input and output. */
export function createAgentSession(
  pipe: (signal: AbortSignal) => Promise<Duplex>,
  idleAfterMs: number = idleMs,
): AgentSession {
  let current: Promise<Link> | null = null;
  let isClosed = false;

  function link(): { readonly ready: Promise<Link>; readonly isNew: boolean } {
    if (isClosed) throw new LabError('backend_unavailable', 'The lab was left.');
    if (current !== null) return { ready: current, isNew: false };
    const forget = () => {
      if (current === opening) current = null;
    };
    // No caller's signal ends it: others wait for the same one.
    const opening = openLink(pipe, idleAfterMs);
    opening.then((live) => live.ended.then(forget), forget);
    current = opening;
    return { ready: opening, isNew: true };
  }

  async function channel(
    opening: Opening,
    body: Uint8Array | Readable | null,
    signal: AbortSignal,
  ): Promise<Channel> {
    for (let attempt = 1; ; attempt += 1) {
      const { ready, isNew } = link();
      const live = await unlessAborted(ready, signal);
      const answer = await ask(live, opening, body, signal);
      if ('channel' in answer) return answer.channel;
      signal.throwIfAborted();
      const isLost = 'lost' in answer.reset && live.isEnded();
      if (!isLost || isNew || body instanceof Readable || attempt === 2) throw errorOf(answer.reset, opening);
      if (current === ready) current = null;
    }
  }

  return {
    channel,
    dial: (host, port, signal) => channel({ kind: 'dial', host, port }, null, signal),
    isClosed: () => isClosed,
    async open(signal) {
      await unlessAborted(link().ready, signal);
    },
    close() {
      isClosed = true;
      const closing = current;
      current = null;
      closing?.then(
        (live) => live.end(),
        () => {},
      );
    },
  };
}

/** Resolves when the agent has spoken. */
async function openLink(pipe: (signal: AbortSignal) => Promise<Duplex>, idleAfterMs: number): Promise<Link> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(tooSlow()), openWithinMs);
  try {
    const transport = await pipe(patience.signal);
    let idle: NodeJS.Timeout | undefined;
    const rest = () => {
      clearTimeout(idle);
      if (link.count() === 0 && !link.isEnded()) idle = setTimeout(link.end, idleAfterMs).unref();
    };
    const link = createLink(transport, null, () => rest());
    patience.signal.addEventListener('abort', link.end);
    await link.spoken;
    patience.signal.throwIfAborted();
    if (link.isEnded()) throw new LabError('backend_unavailable', "The lab's gateway ended at once.");
    rest();
    return link;
  } finally {
    clearTimeout(timer);
  }
}

const tooSlow = () =>
  new LabError('backend_unavailable', `The lab's gateway does not answer after ${openWithinMs / 1_000} s.`);

async function ask(
  live: Link,
  opening: Opening,
  body: Uint8Array | Readable | null,
  signal: AbortSignal,
): Promise<{ readonly channel: Channel } | { readonly reset: Reason }> {
  // One more would be refused without a word of why.
  if (live.count() >= mostChannels)
    throw new LabError(
      'backend_unavailable',
      `The lab has ${mostChannels} connections open, the most it may.`,
    );
  const channel = live.open(opening);
  if (channel === null) return { reset: { lost: true } };
  addAbortSignal(signal, channel);
  if (body instanceof Readable) {
    // One that breaks off must not look like its end.
    body.once('error', () => channel.destroy());
    body.pipe(channel);
  } else if (body !== null) channel.end(body);
  const answer = await channel.answered;
  return 'accepted' in answer ? { channel } : answer;
}

const sayings: Readonly<Record<Refusal, string>> = {
  refused: 'refuses connections: nothing listens there',
  no_such_name: "is not running: the lab's network does not know the name",
  timed_out: 'does not answer: a connection was not made in time',
  not_allowed: "is no name of the lab's network",
  unreachable: 'cannot be reached',
};

/** What goes wrong with files is told with the code that it has on every backend. */
const agentCodes: readonly ErrorCode[] = [
  'bad_request',
  'payload_too_large',
  'start_failed',
  'backend_unavailable',
];

function errorOf(reason: Reason, opening: Opening): LabError {
  if ('refusal' in reason && opening.kind === 'dial') {
    const said = `${opening.host}:${opening.port} ${sayings[reason.refusal] ?? sayings.unreachable}.`;
    return new LabError('backend_unavailable', said, { extra: { reason: reason.refusal } });
  }
  if ('code' in reason) {
    const code = agentCodes.find((known) => known === reason.code) ?? 'internal';
    return new LabError(code, reason.message);
  }
  return new LabError('backend_unavailable', "The lab's gateway broke off.");
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
