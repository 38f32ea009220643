/** Requests to pages by their host's name, without asking any name server, and nothing followed or kept by itself. */
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** As it stands in the request line; absent: the URL's own path. */
  readonly target?: string;
}

/** Rejects when the connection ends before the answer does. */
export function visit(
  url: string,
  { method = 'GET', headers = {}, body, target }: Asked = {},
): Promise<Answer> {
  const { host, port, pathname, search } = new URL(url);
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: '127.0.0.1',
        port,
        method,
        path: target ?? pathname + search,
        headers: { host, ...headers },
        agent: false,
      },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.once('end', () => {
          const text = Buffer.concat(parts).toString();
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text });
        });
        answer.once('error', reject);
      },
    );
    asked.once('error', reject);
    asked.end(body);
  });
}

/** The name and value of the cookie that was set, as it is sent back. */
export function cookieOf({ headers }: Answer): string {
  return headers['set-cookie']?.[0]?.split(';')[0] ?? '';
}

/** The first line of what is answered to an upgrade, and the stream. */
export function upgrade(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly line: string; readonly socket: Socket }> {
  const { host, port, pathname } = new URL(url);
  const lines = Object.entries({
    host,
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}`);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1');
    socket.once('error', reject);
    socket.write(`GET ${pathname} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    socket.once('data', (data) => resolve({ line: data.toString().split('\r\n', 1)[0] ?? '', socket }));
  });
}
