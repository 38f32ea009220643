/** WebSockets of a lab's page: two streams, one through the other. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Way } from './forward.ts';
import { downstreamHeaders, upstreamHeaders } from './headers.ts';

// Not imported: see `forward.ts`.
const { request: httpRequest } = process.getBuiltinModule('node:http');

/**
 * Browsers send cookies with every WebSocket, whatever page opens it: only the page's own origin may. Others than
 * browsers send no origin, and no cookie that they were not given.
 */
export function isOwnOrigin({ headers }: IncomingMessage, secure: boolean): boolean {
  if (headers.origin === undefined) return true;
  return headers.origin.toLowerCase() === `${secure ? 'https' : 'http'}://${headers.host?.toLowerCase()}`;
}

/** Resolves when one side has ended. Rejects when the program does not take it; nothing was answered then. */
export async function forwardUpgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  way: Way,
): Promise<void> {
  const over = new AbortController();
  socket.once('close', () => over.abort());
  const stream = await way.dial(over.signal);
  const upgraded = await new Promise<{ answer: IncomingMessage; there: Duplex; first: Buffer } | null>(
    (resolve, reject) => {
      const asked = httpRequest({
        method: 'GET',
        path: request.url,
        headers: { ...upstreamHeaders(request.headers, way), connection: 'Upgrade', upgrade: 'websocket' },
        createConnection: () => stream,
        signal: over.signal,
        setHost: false,
      });
      asked.once('upgrade', (answer, there, first) => resolve({ answer, there, first }));
      asked.once('response', () => resolve(null));
      asked.once('error', reject);
      asked.end();
    },
  );
  if (upgraded === null) {
    stream.destroy();
    throw new Error('the program does not speak WebSocket there');
  }
  const { answer, there, first } = upgraded;
  const told = { ...downstreamHeaders(answer.headers), connection: 'Upgrade', upgrade: 'websocket' };
  const lines = Object.entries(told).flatMap(([name, value]) =>
    [value].flat().map((one) => `${name}: ${one}`),
  );
  socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`);
  if (first.byteLength > 0) socket.write(first);
  if (head.byteLength > 0) there.write(head);
  await new Promise<void>((resolve) => {
    const end = () => {
      socket.destroy();
      there.destroy();
      resolve();
    };
    // Sockets of a server stay half open: the end of one direction is the end of both.
    for (const side of [socket, there]) side.once('end', end).once('close', end).once('error', end);
    socket.pipe(there).pipe(socket);
  });
}
