/** The command line's end of a WebSocket into a lab. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import {
  type Closing,
  closingCodes,
  mostFrameBytes,
  protocolOf,
  type WayKind,
} from '../../terminal/protocol.ts';
import type { ApiClient } from '../api-client.ts';
import { CliError } from '../cli-error.ts';
import { type ExitName, exitOfStatus } from '../exit-codes.ts';
import { labPath } from './wire.ts';

export interface Target {
  readonly api: ApiClient;
  readonly id: string;
  readonly component: string;
  /** Of a namespace: a Service in it and its port. */
  readonly service?: string;
}

/** A server that says nothing for so long is taken for gone. */
const silentMs = 60_000;
const sayMs = 15_000;

export interface Opened {
  readonly socket: WebSocket;
  readonly closed: Promise<Closing>;
}

/** What there is now, before anything is opened. Throws CliError as a call of the API does. */
export function placeOf(
  { api, id, component, service }: Target,
  kind: WayKind,
): Promise<{ readonly place: string }> {
  const body = service === undefined ? {} : { body: { service } };
  return api.call('POST', labPath(id, kind, component), body);
}

/** Not read before `resume()`. Throws CliError; nothing is open then. @param query as the API takes it. */
export async function openSocket(
  { api, id, component, service }: Target,
  kind: WayKind,
  query: Readonly<Record<string, string>>,
): Promise<Opened> {
  const asked = service === undefined ? query : { ...query, service };
  const { url, headers } = api.upgrade(labPath(id, kind, component), asked);
  const socket = new WebSocket(url, protocolOf[kind], { headers, perMessageDeflate: false });
  let heardAt = performance.now();
  for (const event of ['open', 'ping', 'pong', 'message'] as const) {
    socket.on(event, () => {
      heardAt = performance.now();
    });
  }
  // While it is not read, it cannot answer that it is here, nor hear that the server is: so it says so by itself.
  const saying = setInterval(() => {
    if (socket.isPaused) heardAt = performance.now();
    if (performance.now() - heardAt > silentMs) socket.terminate();
    else if (socket.readyState === socket.OPEN) socket.ping();
  }, sayMs);
  const closed = new Promise<Closing>((resolve) => {
    socket.once('close', (code, reason) => {
      clearInterval(saying);
      resolve({ code, reason: reason.toString('utf8') });
    });
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => {
      socket.pause();
      resolve();
    });
    socket.on('error', (error) => reject(lost(api.url, error.message)));
    socket.once('unexpected-response', (request: ClientRequest, answer: IncomingMessage) => {
      void refusalOf(answer, api.url).then((refusal) => {
        clearInterval(saying);
        request.destroy();
        reject(refusal);
      });
    });
  });
  return { socket, closed };
}

/** Resolves when so little waits to be sent that more may come. */
export function sendBytes(socket: WebSocket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const done = () => resolve();
    for (let at = 0; at < bytes.byteLength; at += mostFrameBytes) {
      const isLast = at + mostFrameBytes >= bytes.byteLength;
      socket.send(bytes.subarray(at, at + mostFrameBytes), { binary: true }, isLast ? done : undefined);
    }
    if (bytes.byteLength === 0) resolve();
  });
}

const exits: Readonly<Record<number, ExitName>> = {
  [closingCodes.labEnded]: 'refused',
  [closingCodes.replaced]: 'refused',
  [closingCodes.idle]: 'refused',
  [closingCodes.refused]: 'refused',
  [closingCodes.protocol]: 'failed',
};

/** What a command ends with that did not end it itself. */
export function endedBy({ code, reason }: Closing): CliError {
  const why = reason === '' ? `the server went away (${code})` : reason;
  return new CliError(exits[code] ?? 'unavailable', 'disconnected', `Disconnected: ${why}.`, {
    closing: code,
  });
}

function lost(url: string, why: string): CliError {
  return new CliError('unavailable', 'server_unreachable', `No Labwright answers at ${url} (${why}).`, {
    url,
  });
}

async function refusalOf(answer: IncomingMessage, url: string): Promise<CliError> {
  const status = answer.statusCode ?? 502;
  const parts: Buffer[] = [];
  try {
    for await (const part of answer) parts.push(part as Buffer);
    const problem = JSON.parse(Buffer.concat(parts).toString('utf8')) as Record<string, unknown>;
    return new CliError(exitOfStatus(status), String(problem.code), String(problem.detail), problem);
  } catch {
    const text = `What answers at ${url} takes no WebSockets: HTTP ${status}. A proxy before Labwright must pass them on.`;
    return new CliError('unavailable', 'no_websocket', text, { url, status });
  }
}
