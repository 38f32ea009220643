/** The newest of what a pod's container printed, as the kubelet keeps it. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { text } from 'node:stream/consumers';
import type { KubeConfig } from '@kubernetes/client-node';
import { currentCluster } from '../client-config.ts';
import { ApiFailure, clusterError, readStatus, statusOf } from '../errors.ts';

/** Where lines are long, more than is asked for is read and the end of it kept. */
const mostLines = 20_000;

/** Empty for one that has not started yet. Throws LabError `object_not_found`, `backend_unavailable`. */
export async function readPodLog(
  config: KubeConfig,
  at: { readonly namespace: string; readonly pod: string; readonly container: string },
  maxBytes: number,
  signal: AbortSignal,
): Promise<string> {
  const { server } = currentCluster(config);
  const query = new URLSearchParams({ container: at.container, tailLines: String(mostLines) });
  const url = new URL(
    `${server.replace(/\/$/, '')}/api/v1/namespaces/${at.namespace}/pods/${at.pod}/log?${query}`,
  );
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  try {
    const answer = await open(url, options, signal);
    const status = answer.statusCode ?? 0;
    if (status >= 400) throw new ApiFailure(readStatus(status, await text(answer), undefined));
    return await tail(answer, maxBytes);
  } catch (thrown) {
    signal.throwIfAborted();
    // A container that is still being created has no log.
    if (statusOf(thrown) === 400) return '';
    const what = `get pods/log ${at.pod} in namespace ${at.namespace}`;
    throw clusterError(thrown, { url: server, what, isOurs: true });
  }
}

function open(url: URL, options: RequestOptions, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'http:' ? httpRequest : httpsRequest;
    const sent = send(url, { ...options, signal });
    sent.once('response', resolve);
    sent.once('error', reject);
    sent.end();
  });
}

async function tail(stream: AsyncIterable<unknown>, maxBytes: number): Promise<string> {
  let pieces: Buffer[] = [];
  let held = 0;
  for await (const piece of stream) {
    pieces.push(piece as Buffer);
    held += (piece as Buffer).byteLength;
    if (held < 2 * maxBytes) continue;
    pieces = [Buffer.concat(pieces).subarray(-maxBytes)];
    held = maxBytes;
  }
  // A letter that was cut in two is left out.
  return Buffer.concat(pieces)
    .subarray(-maxBytes)
    .toString('utf8')
    .replace(/^\ufffd+/, '');
}
