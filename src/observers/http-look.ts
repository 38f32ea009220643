/** One look over HTTP: from the author's spec to a request, and from the response to a value. */
import type { LookContext } from '../grading/types.ts';
import type { Json } from '../templates/types.ts';
import type { HttpSpec } from './http.ts';
import { exchange, type HttpResponse } from './http-exchange.ts';
import { graderRequest } from './http-request.ts';
import { parseJson } from './parse.ts';
import { dialOrTell } from './reach.ts';
import { doorOf } from './service-place.ts';

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
  asked: Omit<HttpSpec, 'repeat' | 'timeout'>,
  { sandbox, fill }: Pick<LookContext, 'sandbox' | 'fill'>,
  signal: AbortSignal,
): Promise<ResponseSeen> {
  const door = doorOf(asked, fill);
  const request = await graderRequest(asked, door, sandbox, fill);
  const dial = (within: AbortSignal) => dialOrTell(sandbox, door, within);
  return responseValue(await exchange(request, dial, signal));
}

/** @throws LookFailure `oversized` when the body is JSON and too deep. */
export function responseValue(response: HttpResponse): ResponseSeen {
  const text = new TextDecoder().decode(response.body);
  const isJson = /^application\/([\w.+-]+\+)?json\b/i.test(response.headers['content-type'] ?? '');
  const json = isJson || /^\s*[[{]/.test(text) ? (parseJson(text, 'The response') ?? null) : null;
  return { status: response.status, headers: response.headers, text, json, durationMs: response.durationMs };
}
