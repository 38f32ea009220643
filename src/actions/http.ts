/** `http` as a step: the trainee's own request, with the token that a real login gives. */
import { z } from 'zod';
import type { ActionKind } from '../grading/types.ts';
import { responseType } from '../observers/http.ts';
import { limits } from '../observers/limits.ts';
import { componentName, httpHeaders, httpMethod, httpPath, json, upTo } from '../observers/spec-parts.ts';
import { actHttp } from './act-http.ts';
import { loginTokens } from './login.ts';

const spec = z.strictObject({
  component: componentName,
  method: httpMethod.default('GET'),
  path: httpPath,
  auth: z.enum(['trainee', 'none']).default('none'),
  headers: httpHeaders.default({}),
  json: json.optional(),
  /** Statuses that are a success; without it any 2xx. */
  expect: z.union([z.literal('any'), z.array(z.int().min(100).max(599)).min(1)]).optional(),
  /** Sends it so often, one after the other; the last response is the result. */
  times: z.int().min(1).max(1_000).default(1),
  timeout: upTo(limits.longestLookMs).default(limits.execMs),
});

export type HttpActionSpec = z.infer<typeof spec>;

/** Logs in once a sandbox handle: a run binds its own handle, so a run logs in once. */
export function httpAction(): ActionKind<HttpActionSpec> {
  const tokens = loginTokens();
  return {
    kind: 'http',
    spec,
    resultType: () => responseType,
    components: ({ component }) => [{ name: component, kinds: ['sample-api'] }],
    run: (asked, context, signal) => actHttp(asked, context, tokens, signal),
  };
}
