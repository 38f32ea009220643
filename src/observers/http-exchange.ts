/**
 * One HTTP/1.1 exchange over a stream that is already pinned to its component. Small on purpose: no redirects, no
 * proxies, no cookies, no reuse, and nothing unbounded.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { limits } from './limits.ts';
import { LookFailure } from './look.ts';

// Not imported: an import reads all that the module has, and with it loads the fetch client (20 ms, 2 MiB).
const { request: httpRequest } = process.getBuiltinModule('node:http');

export interface HttpRequest {
  readonly method: string;
  /** Already percent-encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

export interface HttpResponse {
  readonly status: number;
  /** Lower-case names; a header that came twice is joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  /** Decoded, at most `limits.httpBodyBytes`. */
  readonly body: Buffer;
  readonly durationMs: number;
}

/**
 * Sends the request and reads the whole response. The deadline is the signal's, from the first byte to the last.
 * @throws LookFailure `refused`, `oversized`, `unsupported`; the signal's reason on abort; what `dial` throws.
 */
export async function exchange(
  request: HttpRequest,
  dial: (signal: AbortSignal) => Promise<Duplex>,
  signal: AbortSignal,
): Promise<HttpResponse> {
  const start = performance.now();
  const socket = await dial(signal);
  try {
    const response = await send(request, socket, signal);
    const packed = await read(response);
    // Without a content-length our own end of the connection looks like the end of the body.
    signal.throwIfAborted();
    const body = await decoded(packed, response.headers['content-encoding']);
    const durationMs = Math.round(performance.now() - start);
    return { status: response.statusCode ?? 0, headers: flat(response), body, durationMs };
  } catch (thrown) {
    signal.throwIfAborted();
    throw asFailure(thrown);
  } finally {
    // A parser that met garbage after the response may still complain: nobody is listening any more.
    socket.on('error', () => {});
    socket.destroy();
  }
}

function send(request: HttpRequest, socket: Duplex, signal: AbortSignal): Promise<IncomingMessage> {
  const { method, path, body } = request;
  const headers: Record<string, string> = { ...request.headers, 'accept-encoding': 'identity' };
  if (body !== null) headers['content-length'] = String(Buffer.byteLength(body));
  return new Promise((resolve, reject) => {
    const sent = httpRequest({
      method,
      path,
      headers,
      setDefaultHeaders: false,
      maxHeaderSize: limits.httpHeaderBytes,
      createConnection: () => socket,
      signal,
    });
    sent.on('response', resolve);
    sent.on('error', reject);
    // Without listeners a switch of protocols would leave the exchange hanging until its deadline.
    sent.on('upgrade', () =>
      reject(new LookFailure('unsupported', 'The server switched protocols.', 'upgrade')),
    );
    sent.end(body ?? undefined);
  });
}

async function read(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > limits.httpBodyBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const decoders = { gzip: promisify(gunzip), deflate: promisify(inflate), br: promisify(brotliDecompress) };

/** Undoes a content encoding that we never asked for; a bomb is `oversized` before it is unpacked. */
async function decoded(body: Buffer, encoding: string | undefined): Promise<Buffer> {
  const name = (encoding ?? 'identity').trim().toLowerCase();
  if (name === 'identity' || name === '' || body.byteLength === 0) return body;
  if (!Object.hasOwn(decoders, name)) {
    throw new LookFailure(
      'unsupported',
      'The response is in an encoding that was not asked for.',
      `encoding ${name}`,
    );
  }
  const decode: (packed: Buffer, options: { maxOutputLength: number }) => Promise<Buffer> =
    decoders[name as keyof typeof decoders];
  return decode(body, { maxOutputLength: limits.httpBodyBytes });
}

function flat(response: IncomingMessage): Record<string, string> {
  const entries = Object.entries(response.headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : (value ?? ''),
  ]);
  return Object.fromEntries(entries);
}

function tooLarge(): LookFailure {
  const reason = `The response is larger than ${limits.httpBodyBytes / 1024} KiB.`;
  return new LookFailure('oversized', reason, reason);
}

function asFailure(thrown: unknown): LookFailure {
  if (thrown instanceof LookFailure) return thrown;
  const { code = '', message = '' } = thrown as NodeJS.ErrnoException;
  const internal = `${code} ${message}`.trim();
  if (code === 'ERR_BUFFER_TOO_LARGE') return tooLarge();
  if (code === 'HPE_HEADER_OVERFLOW') {
    const reason = `The response's headers are larger than ${limits.httpHeaderBytes / 1024} KiB.`;
    return new LookFailure('oversized', reason, internal);
  }
  if (code.startsWith('HPE_'))
    return new LookFailure('unsupported', 'The answer is not valid HTTP.', internal);
  if (code.startsWith('Z_') || code.startsWith('ERR_BROTLI') || code.startsWith('ERR__ERROR')) {
    return new LookFailure('unsupported', "The response's compressed body cannot be read.", internal);
  }
  return new LookFailure('refused', 'The connection was closed before the answer was complete.', internal);
}
