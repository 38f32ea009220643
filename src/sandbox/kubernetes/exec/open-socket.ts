/** A WebSocket of the cluster's API: what runs in pods, or a port of one, over frames whose first byte is a channel. */
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { KubeConfig } from '@kubernetes/client-node';
import { type ClientOptions, WebSocket } from 'ws';
import { LabError } from '../../../lab/errors.ts';
import { currentCluster } from '../client-config.ts';
import { ApiFailure, clusterError, readStatus, statusOf } from '../errors.ts';

export interface Opening {
  /** With its query. */
  readonly path: string;
  readonly protocol: string;
  /** Such as `create pods/exec in namespace lab`. */
  readonly what: string;
}

const openWithinMs = 30_000;

/**
 * Open when it resolves, and held: nothing is read of it before `resume`. Its `error` is listened to.
 * Throws LabError `backend_unavailable`, `object_denied`, or the signal's reason; where the pod or its container does not
 * run, `extra.reason` is `not_running`.
 */
export async function openSocket(
  config: KubeConfig,
  { path, protocol, what }: Opening,
  signal: AbortSignal,
): Promise<WebSocket> {
  signal.throwIfAborted();
  const { server } = currentCluster(config);
  const options: ClientOptions = { handshakeTimeout: openWithinMs, perMessageDeflate: false };
  await config.applyToHTTPSOptions(options);
  const url = `${server.replace(/^http/, 'ws').replace(/\/$/, '')}${path}`;
  const socket = new WebSocket(url, protocol, options);
  try {
    await opened(socket, signal);
    return socket;
  } catch (thrown) {
    socket.terminate();
    signal.throwIfAborted();
    throw openError(thrown, server, what);
  }
}

function opened(socket: WebSocket, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal.reason);
    const settle = () => signal.removeEventListener('abort', giveUp);
    signal.addEventListener('abort', giveUp, { once: true });
    socket.once('open', () => {
      settle();
      // At once: the first frames may have come with the answer.
      socket.pause();
      resolve();
    });
    // Stays: a connection may break at any time, which its close tells.
    socket.on('error', (thrown) => {
      settle();
      reject(thrown);
    });
    socket.once('unexpected-response', (_request, answer: IncomingMessage) => {
      settle();
      const { statusCode = 0, headers } = answer;
      text(answer).then(
        (body) => reject(new ApiFailure(readStatus(statusCode, body, headers['retry-after']))),
        reject,
      );
    });
  });
}

function openError(thrown: unknown, url: string, what: string): LabError {
  const status = statusOf(thrown);
  // 400: its container is not there; 404: the pod is not; 500: the node has no such container any more.
  if (status === 400 || status === 404 || (status === 500 && /container|pod/i.test(String(thrown)))) {
    return notRunning(thrown);
  }
  return clusterError(thrown, { url, what, isOurs: true });
}

export function notRunning(cause?: unknown): LabError {
  const extra = { reason: 'not_running' };
  return new LabError('backend_unavailable', 'It does not run at the moment.', { cause, extra });
}
