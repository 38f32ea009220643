/** One request of a browser to a program in a lab, and its answer: streamed, never held. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { LabError } from '../lab/errors.ts';
import { downstreamHeaders, upstreamHeaders } from './headers.ts';

// Not imported: an import reads all that the module has, and with it loads the fetch client.
const { request: httpRequest } = process.getBuiltinModule('node:http');

export interface Way {
  /** A fresh stream to the program. */
  readonly dial: (signal: AbortSignal) => Promise<Duplex>;
  /** Of the browser's request, with its port. */
  readonly host: string;
  readonly secure: boolean;
}

/** How long a program may say nothing at all. Milliseconds. */
const silentMs = 60_000;

/** Resolves when the answer is over. Throws LabError `backend_unavailable` or `timed_out` before anything was answered. */
export async function forward(request: IncomingMessage, response: ServerResponse, way: Way): Promise<void> {
  const over = new AbortController();
  response.once('close', () => over.abort());
  const answer = await ask(request, way, over.signal);
  response.writeHead(answer.statusCode ?? 502, downstreamHeaders(answer.headers));
  // A browser or a program that goes away in the middle ends the other side.
  await pipeline(answer, response).catch(() => response.destroy());
}

async function ask(request: IncomingMessage, way: Way, signal: AbortSignal): Promise<IncomingMessage> {
  const stream = await way.dial(signal);
  const asked = httpRequest({
    method: request.method,
    path: request.url,
    headers: upstreamHeaders(request.headers, way),
    createConnection: () => stream,
    signal,
    setHost: false,
  });
  asked.setTimeout(silentMs, () =>
    asked.destroy(new LabError('timed_out', 'The program did not answer in time.')),
  );
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    asked.once('response', resolve);
    asked.once('error', reject);
  });
  // The program may answer before it has taken all of the body, and then close.
  pipeline(request, asked).catch(() => undefined);
  try {
    return await answered;
  } catch (cause) {
    stream.destroy();
    if (cause instanceof LabError) throw cause;
    throw new LabError('backend_unavailable', 'The program in the lab closed the connection.', { cause });
  }
}
