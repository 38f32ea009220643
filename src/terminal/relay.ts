/**
 * Between a WebSocket and a stream into a lab: bytes both ways, each way only as fast as its reader. Nothing piles up
 * here, whatever either side does.
 */
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { TerminalSize } from '../lab/ports.ts';
import type { Bounds } from './bounds.ts';
import {
  type Closing,
  closingCodes,
  mostFrameBytes,
  parseControl,
  shellEnded,
  type WayKind,
} from './protocol.ts';

export interface Inside {
  readonly kind: WayKind;
  readonly stream: Duplex;
  /** Of terminals. */
  readonly resize?: (size: TerminalSize) => Promise<void>;
  /** Of terminals: the exit code. */
  readonly ended?: Promise<number | null>;
  /** Why it ended by itself, where that is known by more than its end. */
  readonly why?: () => Promise<Closing | null>;
}

export interface Passed {
  readonly closing: Closing;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export interface Relay {
  /** Ends both sides, with this word to the client. Only the first counts. */
  close(closing: Closing): void;
  /** How often anything has passed; when it stands still nobody uses it. */
  passed(): number;
  /** Resolves when both sides are over. */
  readonly over: Promise<Passed>;
}

export function relay(socket: WebSocket, inside: Inside, bounds: Bounds): Relay {
  const { kind, stream } = inside;
  const { promise: over, resolve } = Promise.withResolvers<Passed>();
  let closing: Closing | null = null;
  let [bytesIn, bytesOut, count] = [0, 0, 0];
  let [lastPassed, lastHeard] = [performance.now(), performance.now()];
  let clientEnded = false;
  const closed: Closing = { code: closingCodes.done, reason: 'closed' };

  function close(why: Closing): void {
    if (closing !== null) return;
    closing = why;
    clearInterval(pinging);
    stream.destroy();
    // What is paused would not see the other side's closing frame.
    socket.resume();
    socket.close(why.code, why.reason);
    const cut = setTimeout(() => socket.terminate(), bounds.closingMs);
    socket.once('close', () => clearTimeout(cut));
  }

  const note = () => {
    count += 1;
    lastPassed = performance.now();
  };

  // From the client. It is read when neither the component nor its own haste speaks against that.
  const haste = createHaste(bounds.framesPerSecond);
  let isFull = false;
  let isHasty = false;
  const readOn = () => {
    if (!isFull && !isHasty) socket.resume();
  };
  function take(): void {
    lastHeard = performance.now();
    const rest = haste.count(lastHeard);
    if (rest === 0 || isHasty) return;
    isHasty = true;
    socket.pause();
    setTimeout(() => {
      isHasty = false;
      readOn();
    }, rest).unref();
  }
  const resizing = inside.resize === undefined ? null : lastOf(inside.resize);
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    take();
    if (closing !== null) return;
    if (!isBinary) {
      const word = parseControl(data.toString('utf8'), kind);
      if (word === null) return close({ code: closingCodes.protocol, reason: 'not a control frame' });
      if ('resize' in word) return resizing?.(word.resize);
      clientEnded = true;
      return void stream.end();
    }
    if (stream.writableEnded || stream.destroyed) return;
    note();
    bytesIn += data.byteLength;
    if (stream.write(data)) return;
    isFull = true;
    socket.pause();
  });
  stream.on('drain', () => {
    isFull = false;
    readOn();
  });
  socket.on('ping', (data: Buffer) => {
    take();
    // Who asks and does not read gets no answer more.
    if (socket.bufferedAmount < bounds.mostWaiting && closing === null) socket.pong(data);
  });
  socket.on('pong', take);

  // To the client.
  stream.on('data', (data: Buffer) => {
    note();
    bytesOut += data.byteLength;
    for (let at = 0; at < data.byteLength; at += mostFrameBytes) {
      socket.send(data.subarray(at, at + mostFrameBytes), { binary: true }, goOn);
    }
    if (socket.bufferedAmount >= bounds.mostWaiting) stream.pause();
  });
  const goOn = () => {
    if (stream.isPaused() && socket.bufferedAmount < bounds.mostWaiting / 2) stream.resume();
  };
  stream.once('end', () => {
    if (kind === 'terminal') return;
    if (clientEnded) close(closed);
    else socket.send(JSON.stringify({ end: true }), { binary: false });
  });
  stream.on('error', () =>
    close({ code: closingCodes.broken, reason: 'the connection to the component broke' }),
  );
  stream.once('close', async () => {
    if (closing !== null) return;
    const exit = (await inside.ended?.catch(() => null)) ?? null;
    const why = exit === null && !clientEnded ? await inside.why?.() : null;
    close(why ?? (kind === 'terminal' ? shellEnded(exit) : closed));
  });

  const pinging = setInterval(() => {
    const now = performance.now();
    // One that we do not listen to cannot be heard.
    if (isFull || isHasty) lastHeard = now;
    if (now - lastHeard > bounds.goneMs) {
      close({ code: closingCodes.idle, reason: 'the client does not answer' });
      socket.terminate();
    } else if (now - lastPassed > bounds.idleMs) close({ code: closingCodes.idle, reason: 'idle' });
    else if (socket.bufferedAmount < bounds.mostWaiting) socket.ping();
  }, bounds.pingMs);
  pinging.unref();

  // A frame that is too large, or no WebSocket at all: it is closed with a code of its own after this.
  socket.on('error', () => undefined);
  socket.once('close', (code, reason) => {
    clearInterval(pinging);
    closing ??= { code, reason: reason.toString('utf8') || 'the client has gone' };
    stream.destroy();
    resolve({ closing, bytesIn, bytesOut });
  });
  return { close, passed: () => count, over };
}

/** Counts frames over a second; tells how long to wait until there are few enough again. Milliseconds. */
function createHaste(perSecond: number) {
  const most = perSecond * 2;
  let left = most;
  let last = performance.now();
  return {
    count(now: number): number {
      left = Math.min(most, left + ((now - last) / 1000) * perSecond) - 1;
      last = now;
      return left >= 0 ? 0 : Math.ceil((-left / perSecond) * 1000) + 100;
    },
  };
}

/** Of many values that come while it works, only the last is worked on. */
function lastOf<T>(work: (value: T) => Promise<void>): (value: T) => void {
  let next: { readonly value: T } | null = null;
  let works = false;
  return (value) => {
    next = { value };
    if (works) return;
    works = true;
    const go = async () => {
      while (next !== null) {
        const { value: now } = next;
        next = null;
        // A terminal that has just ended has no size.
        await work(now).catch(() => undefined);
      }
      works = false;
    };
    void go();
  };
}
