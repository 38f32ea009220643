/** A request as the partner's decisions see it. */
import type { FastifyRequest } from 'fastify';
import type { Asked } from './decide.ts';
import type { Entry } from './entry.ts';
import type { Json } from './fill.ts';

export interface Received {
  readonly asked: Asked;
  readonly entry: Pick<Entry, 'at' | 'method' | 'path'>;
  /** It says that it is JSON, and is not. */
  readonly malformed: boolean;
  /** By `performance.now()`. */
  readonly startedAt: number;
}

const pathChars = 500;

export function readRequest(request: FastifyRequest): Received {
  const body = typeof request.body === 'string' ? request.body : '';
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
  const says = headers['content-type'] ?? '';
  const { json, malformed } = parse(body, says);
  const [path = '/'] = request.url.split('?');
  return {
    asked: {
      json,
      params: request.params as Record<string, string>,
      query: textsOf(new URL(request.url, 'http://stub').searchParams),
      headers,
      body,
    },
    entry: { at: new Date().toISOString(), method: request.method, path: path.slice(0, pathChars) },
    malformed,
    startedAt: performance.now(),
  };
}

/** A form is read as the object that it would be in JSON. */
function parse(body: string, says: string): { readonly json: Json; readonly malformed: boolean } {
  if (body === '') return { json: null, malformed: false };
  if (/^application\/x-www-form-urlencoded\b/i.test(says))
    return { json: textsOf(new URLSearchParams(body)), malformed: false };
  const isJson = /^application\/([\w.+-]+\+)?json\b/i.test(says);
  try {
    return { json: isJson ? (JSON.parse(body) as Json) : null, malformed: false };
  } catch {
    return { json: null, malformed: true };
  }
}

function textsOf(pairs: URLSearchParams): Record<string, string> {
  return Object.fromEntries(pairs);
}
