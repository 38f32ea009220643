/**
 * `http`: one request to one component, pinned to its address. Redirects are seen, never followed; proxies of the
 * environment are not used. With `auth: trainee` the request has the trainee's rights and says that it is the grader.
 */
import { z } from 'zod';
import type { ObserverKind, ValueType } from '../grading/types.ts';
import { seeResponse } from './http-look.ts';
import { limits } from './limits.ts';
import { look } from './look.ts';
import {
  componentName,
  dyn,
  httpHeaders,
  httpMethod,
  httpPath,
  json,
  map,
  number,
  object,
  string,
  upTo,
} from './spec-parts.ts';

const spec = z.strictObject({
  component: componentName,
  method: httpMethod.default('GET'),
  path: httpPath,
  auth: z.enum(['trainee', 'none']).default('none'),
  headers: httpHeaders.default({}),
  json: json.optional(),
  timeout: upTo(limits.longestLookMs).default(limits.lookMs),
});

export type HttpSpec = z.infer<typeof spec>;

/** A response; `json` is null when the body is not JSON, header names are lower case. */
export const responseType: ValueType = object({
  status: number,
  headers: map(string),
  text: string,
  json: dyn,
  durationMs: number,
});

export const httpObserver: ObserverKind<HttpSpec> = {
  kind: 'http',
  spec,
  resultType: () => responseType,
  components: ({ component }) => [{ name: component, kinds: ['sample-api'] }],
  observe: (asked, context, signal) =>
    look(context, asked.timeout, signal, (within) => seeResponse(asked, context, within)),
};
