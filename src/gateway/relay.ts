/** Bytes between a channel and a TCP connection in the sandbox's network. */
import { connect, type Socket } from 'node:net';
import type { Channel } from './channel.ts';
import type { Refusal } from './protocol.ts';
import type { Reach } from './reach.ts';

const connectWithinMs = 10_000;
/** How long a service may take to read what was written before both sides had ended. */
const lingerMs = 10_000;

/** Never throws; the channel is accepted, or reset with a reason. Ends of either side pass through, so do resets. */
export async function relay(channel: Channel, host: string, port: number, reach: Reach): Promise<void> {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return channel.reset({ refusal: 'not_allowed' });
  const found = await reach(host).catch(() => ({ refusal: 'unreachable' as const }));
  if (channel.destroyed) return;
  if ('refusal' in found) return channel.reset(found);
  const socket = connect({ host: found.address, port, allowHalfOpen: true, noDelay: true });
  // Whoever asked may leave at any time.
  channel.once('close', () => {
    const isWhole = channel.readableEnded && channel.writableFinished;
    if (isWhole) setTimeout(() => socket.destroy(), lingerMs).unref();
    else socket.destroy();
  });
  const refusal = await settled(socket);
  if (refusal !== null) return channel.reset({ refusal });
  if (channel.destroyed) return void socket.destroy();
  channel.accept();
  socket.once('error', () => channel.reset({ lost: true }));
  // Each reads no more than the other takes.
  socket.pipe(channel);
  channel.pipe(socket);
}

/** Null once it is connected. */
function settled(socket: Socket): Promise<Refusal | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => end('timed_out'), connectWithinMs);
    const end = (refusal: Refusal | null) => {
      clearTimeout(timer);
      if (refusal !== null) socket.destroy();
      resolve(refusal);
    };
    socket.once('connect', () => end(null));
    socket.once('close', () => end('unreachable'));
    // Stays: a connection may break at any time.
    socket.on('error', ({ code }: NodeJS.ErrnoException) =>
      end(code === 'ECONNREFUSED' ? 'refused' : code === 'ETIMEDOUT' ? 'timed_out' : 'unreachable'),
    );
  });
}
