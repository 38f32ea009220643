/** A small client on kept-alive connections: what it costs is the same for both sides of a comparison. */
import { Agent, request } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

export interface Client {
  send(method: string, path: string, body?: unknown): Promise<Answer>;
  /** The answer's JSON. Throws when the status is 400 or more. */
  json<T>(method: string, path: string, body?: unknown): Promise<T>;
  close(): void;
}

const timeoutMs = 30_000;

export function createClient(url: string, token: string | null, connections = 4): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const { hostname, port } = new URL(url);
  const authorization = token === null ? {} : { authorization: `Bearer ${token}` };

  function send(method: string, path: string, body?: unknown): Promise<Answer> {
    const text = body === undefined ? null : JSON.stringify(body);
    const headers = {
      ...authorization,
      ...(text === null
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    };
    return new Promise((resolve, reject) => {
      const asked = request(
        { agent, hostname, port, method, path, headers, timeout: timeoutMs },
        (answer) => {
          let received = '';
          answer.setEncoding('utf8').on('data', (part: string) => {
            received += part;
          });
          answer.once('end', () => resolve({ status: answer.statusCode ?? 0, body: received }));
          answer.once('error', reject);
        },
      );
      asked.once('timeout', () =>
        asked.destroy(new Error(`${method} ${path}: no answer in ${timeoutMs} ms`)),
      );
      asked.once('error', reject);
      asked.end(text ?? undefined);
    });
  }

  return {
    send,
    async json<T>(method: string, path: string, body?: unknown) {
      const answer = await send(method, path, body);
      if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
      return JSON.parse(answer.body) as T;
    },
    close: () => agent.destroy(),
  };
}
