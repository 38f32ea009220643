/** What the looks do not use: a client that does as it is told by the server it asks. */
import { connect, type Socket } from 'node:net';

export interface NaiveAnswer {
  readonly text: string;
  /** Places that were asked, `host:port`. */
  readonly asked: readonly string[];
}

/** Follows redirects wherever they lead, with the same headers. `dial` finds the way to a place. */
export async function askFollowing(
  first: URL,
  headers: Readonly<Record<string, string>>,
  dial: (host: string, port: number) => Socket,
): Promise<NaiveAnswer> {
  const asked: string[] = [];
  let at = first;
  for (let hops = 0; hops < 5; hops += 1) {
    const port = Number(at.port || (at.protocol === 'https:' ? 443 : 80));
    asked.push(`${at.hostname}:${port}`);
    const lines = Object.entries({ host: at.host, connection: 'close', ...headers });
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    const text = await exchangeBytes(dial(at.hostname, port), `GET ${at.pathname} HTTP/1.1\r\n${head}\r\n`);
    const location = /^location: *(\S+)\r$/im.exec(text)?.[1];
    if (location === undefined) return { text, asked };
    at = new URL(location, at);
  }
  return { text: '', asked };
}

/** Sends bytes as they are and gives all that comes back until the other side closes. */
export function exchangeBytes(socket: Socket, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
    socket.write(request);
  });
}

export const toLoopback = (port: number): Socket => connect({ host: '127.0.0.1', port });
