/** A TCP connection to a pod's address, from inside of the cluster. */
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { dialError } from './dial-error.ts';

const connectWithinMs = 10_000;

/** @param name what the pod is called in errors. */
export async function dialDirect(
  { address, name, port }: { readonly address: string; readonly name: string; readonly port: number },
  signal: AbortSignal,
): Promise<Duplex> {
  signal.throwIfAborted();
  const limit = AbortSignal.timeout(connectWithinMs);
  const socket = connect({ host: address, port, noDelay: true, allowHalfOpen: true });
  const end = () => void socket.destroy();
  const either = AbortSignal.any([signal, limit]);
  either.addEventListener('abort', end, { once: true });
  try {
    await connected(socket);
    return socket;
  } catch (thrown) {
    signal.throwIfAborted();
    if (limit.aborted) throw dialError('timed_out', name, port);
    const { code } = thrown as NodeJS.ErrnoException;
    const reason = code === 'ECONNREFUSED' ? 'refused' : code === 'ETIMEDOUT' ? 'timed_out' : 'unreachable';
    throw dialError(reason, name, port);
  } finally {
    either.removeEventListener('abort', end);
  }
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    // Stays: a connection may break at any time.
    socket.on('error', reject);
    socket.once('close', () => reject(new Error('closed')));
  });
}
