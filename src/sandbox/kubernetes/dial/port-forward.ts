/** A TCP connection to a port of a pod through the cluster's API, one WebSocket each. */
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { KubeConfig } from '@kubernetes/client-node';
import { channelStream, reset } from '../exec/frames.ts';
import { openSocket } from '../exec/open-socket.ts';
import { dialError } from './dial-error.ts';

const channels = { data: 0, error: 1 } as const;
/** How long a pod may take to read what was written, and to answer, once the writer has ended. */
const lingerMs = 30_000;
const shortestMs = 15;
const longestMs = 250;

/**
 * The API says when nothing listens, and nothing when somebody does. So it is waited for a part of the time that it took
 * to get as far as the pod's node, or until the first word comes: a refusal has only the last steps of that way, and one
 * that is later still breaks the connection off.
 */
export async function portForward(
  config: KubeConfig,
  { namespace, pod, port }: { readonly namespace: string; readonly pod: string; readonly port: number },
  signal: AbortSignal,
): Promise<Duplex> {
  const startedAt = performance.now();
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/portforward?ports=${port}`;
  const what = `create pods/portforward ${pod} in namespace ${namespace}`;
  const socket = await openSocket(config, { path, protocol: 'v4.channel.k8s.io', what }, signal);
  const begun = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<{ readonly refusal: string } | null>();
  const isOpen = [false, false];
  let refusal: string | null = null;

  const stream = channelStream(socket, channels.data, {
    take(channel, bytes, push) {
      if (channel !== channels.data && channel !== channels.error) return;
      // Each begins with the number of the port.
      if (!isOpen[channel]) {
        isOpen[channel] = true;
        if (isOpen.every((open) => open)) begun.resolve();
        return;
      }
      if (channel === channels.data) {
        answered.resolve(null);
        push(bytes);
        return;
      }
      refusal = bytes.toString('utf8');
      answered.resolve({ refusal });
      stream.destroy(refused(refusal) ? cut('ECONNREFUSED') : reset());
    },
    onFinal() {
      // The way has no end of one direction only.
      setTimeout(() => stream.destroy(), lingerMs).unref();
    },
    // It ends as the connection does; why is not told.
    isWhole: () => refusal === null,
  });
  stream.on('error', () => {});
  const giveUp = () => void stream.destroy();
  signal.addEventListener('abort', giveUp, { once: true });
  socket.once('close', () => {
    begun.resolve();
    answered.resolve(isOpen.every((open) => open) ? null : { refusal: 'the connection was closed' });
  });
  socket.resume();
  try {
    await begun.promise;
    signal.throwIfAborted();
    const tookMs = performance.now() - startedAt;
    const patience = Math.min(longestMs, Math.max(shortestMs, tookMs / 4));
    const answer = await Promise.race([answered.promise, delay(patience, null)]);
    signal.throwIfAborted();
    if (answer === null) return stream;
    throw dialError(refused(answer.refusal) ? 'refused' : 'unreachable', pod, port);
  } catch (thrown) {
    stream.destroy();
    throw thrown;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

const refused = (said: string) => /refused/i.test(said);

const cut = (code: string): Error =>
  Object.assign(new Error(`connect ${code}`), { code, syscall: 'connect' });
