/** The HTTP side: health, and the address that the partner sends its events to. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { log } from './log.ts';

/** Handles one event. @param body exactly as it came. @returns the status to answer with. */
export type Receive = (signature: string | undefined, body: string) => Promise<number>;

const longestBody = 64 * 1024;

export function createApp(receive: Receive): Server {
  return createServer((request, response) => {
    const answer = (status: number) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ ok: status < 300 }));
    };
    handle(request, receive).then(answer, (error) => {
      log(`${request.method} ${request.url} failed`, error);
      answer(500);
    });
  });
}

async function handle(request: IncomingMessage, receive: Receive): Promise<number> {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  if (request.method === 'GET' && pathname === '/health') return 200;
  if (request.method !== 'POST' || pathname !== '/webhooks/partner') return 404;
  const body = await bodyOf(request);
  if (body === null) return 413;
  const signature = request.headers['partner-signature'];
  return receive(typeof signature === 'string' ? signature : undefined, body);
}

/** Null when it is too long. */
async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > longestBody) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
