/** A server with a trainee, Ann, whose lab is ready, and another, Eve, who wants what is not hers. */
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify';
import { type World as HttpWorld, startWorld } from '../../http/world.ts';
import type { Worlds } from '../attack.ts';

export interface ApiWorld {
  readonly http: HttpWorld;
  readonly url: string;
  readonly tokens: Readonly<Record<'ann' | 'eve' | 'teacher' | 'admin', string>>;
  /** Ann's lab. */
  readonly lab: string;
  call(token: string | null, method: string, path: string, more?: More): Promise<Answer>;
}

export interface More {
  /** Sent as JSON unless it is text. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export const apiWorlds: Worlds<ApiWorld> = {
  async start() {
    const http = await startWorld();
    const url = await http.app.listen({ port: 0, host: '127.0.0.1' });
    const tokens = {
      ann: await http.token('trainee', 'ann'),
      eve: await http.token('trainee', 'eve'),
      teacher: await http.token('instructor', 'teacher'),
      admin: await http.token('admin', 'admin'),
    };
    const call: ApiWorld['call'] = (token, method, path, more) => ask(`${url}${path}`, token, method, more);
    const made = await call(tokens.ann, 'POST', '/api/v1/labs', { body: { template: 'first-steps' } });
    const { id: lab } = JSON.parse(made.text) as { id: string };
    await http.makeReady(lab, { email: 'ann@example.org', key: 'SECRET-PARAM' });
    return { http, url, tokens, lab, call };
  },
  stop: ({ http }) => http.stop(),
};

/** Up to the head of an answer that is a stream, otherwise all of it. */
export async function ask(
  url: string,
  token: string | null,
  method: string,
  { body, headers = {} }: More = {},
): Promise<Answer> {
  const leave = new AbortController();
  const response = await fetch(url, {
    method,
    signal: leave.signal,
    redirect: 'manual',
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const streams = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  const text = streams ? '' : await response.text();
  if (streams) leave.abort();
  return { status: response.status, headers: response.headers, text };
}

export const done = ({ status }: Answer): boolean => status >= 200 && status < 300;

/** A server that somebody wrote without the one guard, for as long as `work` takes. */
export async function withServer<T>(
  options: Pick<FastifyServerOptions, 'bodyLimit' | 'onProtoPoisoning'>,
  routes: (app: FastifyInstance) => void,
  work: (url: string) => Promise<T>,
): Promise<T> {
  const app: FastifyInstance = Fastify(options);
  routes(app);
  try {
    return await work(await app.listen({ port: 0, host: '127.0.0.1' }));
  } finally {
    await app.close();
  }
}
