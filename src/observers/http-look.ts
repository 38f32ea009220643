/** One look over HTTP: from the author's spec to a request, and from the response to a value. */
import type { Filler, LookContext } from '../grading/types.ts';
import type { ComponentAccess } from '../lab/ports.ts';
import type { Json } from '../templates/types.ts';
import type { HttpSpec } from './http.ts';
import { exchange, type HttpRequest, type HttpResponse } from './http-exchange.ts';
import { graderToken } from './http-token.ts';
import { LookFailure } from './look.ts';
import { parseJson } from './parse.ts';
import { dialOrTell } from './reach.ts';

export interface ResponseSeen {
  readonly [key: string]: number | string | Json | Readonly<Record<string, string>>;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly json: Json;
  readonly durationMs: number;
}

/** @throws LookFailure */
export async function seeResponse(
  asked: HttpSpec,
  { sandbox, fill }: LookContext,
  signal: AbortSignal,
): Promise<ResponseSeen> {
  const api = apiAccess(sandbox.access(asked.component));
  const token = asked.auth === 'trainee' ? await graderToken(api) : null;
  const request = requestOf(asked, api, token, fill);
  const dial = (within: AbortSignal) => dialOrTell(sandbox, asked.component, within);
  return responseValue(await exchange(request, dial, signal));
}

/** Access to an HTTP component. @throws LookFailure `bug`: the validator allows no other kind. */
export function apiAccess(access: ComponentAccess): ComponentAccess & { kind: 'sample-api' } {
  if (access.kind === 'sample-api') return access;
  throw new LookFailure('bug', 'This check asks something of the wrong kind.', `http on a ${access.kind}`);
}

/** The filled request. */
export function requestOf(
  asked: Pick<HttpSpec, 'method' | 'path' | 'headers' | 'json'>,
  api: { readonly host: string; readonly port: number },
  token: string | null,
  fill: Filler,
): HttpRequest {
  const headers: Record<string, string> = {
    host: `${api.host}:${api.port}`,
    accept: '*/*',
    'user-agent': 'labwright',
  };
  let body: string | null = null;
  if (asked.json !== undefined) {
    body = JSON.stringify(fill.value(asked.json));
    headers['content-type'] = 'application/json';
  }
  if (token !== null) headers.authorization = `Bearer ${token}`;
  for (const [name, value] of Object.entries(asked.headers)) headers[name.toLowerCase()] = fill.header(value);
  return { method: asked.method, path: fill.urlPath(asked.path), headers, body };
}

/** @throws LookFailure `oversized` when the body is JSON and too deep. */
export function responseValue(response: HttpResponse): ResponseSeen {
  const text = new TextDecoder().decode(response.body);
  const isJson = /^application\/([\w.+-]+\+)?json\b/i.test(response.headers['content-type'] ?? '');
  const json = isJson || /^\s*[[{]/.test(text) ? (parseJson(text, 'The response') ?? null) : null;
  return { status: response.status, headers: response.headers, text, json, durationMs: response.durationMs };
}
