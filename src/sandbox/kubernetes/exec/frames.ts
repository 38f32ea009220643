/** Bytes to and from one channel of a WebSocket of the API, with back-pressure on both ways. */
import { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';

/** What one frame carries at most: others get their turn. */
const largestPiece = 64 * 1024;
/** Load balancers forget connections on which nothing is said. */
const pingEveryMs = 25_000;

export interface ChannelEvents {
  /** A frame of any channel, in order. */
  take(channel: number, bytes: Buffer, push: (bytes: Buffer | null) => void): void;
  /** The writer has ended; nothing more is sent on the channel. */
  onFinal(): void;
  /** True: what was read is all there was; false: it was cut off. */
  isWhole(): boolean;
}

/**
 * Owns `socket`. Reading slowly holds the other side back; ending it is told to `onFinal`; destroying it closes the
 * connection. Cut off, it is destroyed with ECONNRESET.
 */
export function channelStream(socket: WebSocket, channel: number, events: ChannelEvents): Duplex {
  let isEnded = false;
  /** A terminal's frames are small and many: those that come at once are one piece for the reader. */
  let gathered: Buffer[] = [];
  const flush = () => {
    if (gathered.length === 0) return;
    const bytes = gathered.length === 1 ? gathered[0] : Buffer.concat(gathered);
    gathered = [];
    if (!stream.destroyed && !stream.push(bytes)) socket.pause();
  };
  const push = (bytes: Buffer | null) => {
    if (bytes !== null) {
      if (gathered.length === 0) setImmediate(flush);
      gathered.push(bytes);
      return;
    }
    flush();
    isEnded = true;
    stream.push(null);
  };
  const stream = new Duplex({
    read: () => socket.resume(),
    write(chunk: Buffer, _encoding, done) {
      const send = (at: number): void => {
        const piece = chunk.subarray(at, at + largestPiece);
        const next = at + piece.byteLength;
        socket.send(framed(channel, piece), (error) => {
          if (error || next === chunk.byteLength) done(error);
          else send(next);
        });
      };
      send(0);
    },
    final(done) {
      events.onFinal();
      done();
    },
    destroy(error, done) {
      clearInterval(pings);
      // A close is answered by some proxies only after a while; nothing is to come any more.
      if (socket.readyState === socket.OPEN) socket.close(1000);
      socket.resume();
      setTimeout(() => socket.terminate(), 1_000).unref();
      done(error);
    },
  });
  socket.on('message', (data: RawData) => {
    if (stream.destroyed || isEnded) return;
    const bytes = asBuffer(data);
    if (bytes.byteLength > 0) events.take(bytes[0] ?? 0, bytes.subarray(1), push);
  });
  socket.once('close', () => {
    clearInterval(pings);
    if (events.isWhole()) {
      if (!isEnded) push(null);
      stream.end();
    } else if (!stream.destroyed) stream.destroy(reset());
  });
  const pings = setInterval(() => socket.ping(), pingEveryMs).unref();
  return stream;
}

export function framed(channel: number, bytes: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(bytes.byteLength + 1);
  frame[0] = channel;
  frame.set(bytes, 1);
  return frame;
}

export const reset = (): Error =>
  Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' });

function asBuffer(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
