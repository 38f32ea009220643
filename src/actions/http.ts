/** `http` as a step: the trainee's own request, with the token that a real login gives. */
import { z } from 'zod';
import type { ActionKind } from '../grading/types.ts';
import { responseType } from '../observers/http.ts';
import {
  authFitsService,
  hasOneBody,
  httpKinds,
  oneBody,
  ownAuth,
  requestShape,
  signRoots,
} from '../observers/http-spec.ts';
import { limits } from '../observers/limits.ts';
import { placed, portAlone, portGoesWithService, serviceShape } from '../observers/service-place.ts';
import { componentName, upTo } from '../observers/spec-parts.ts';
import { actHttp } from './act-http.ts';
import { loginTokens } from './login.ts';

const status = z.int().min(100).max(599);

const spec = z
  .strictObject({
    component: componentName,
    ...serviceShape,
    ...requestShape,
    expect: z
      .union([z.literal('any'), status, z.array(status).min(1)])
      .transform((asked) => (typeof asked === 'number' ? [asked] : asked))
      .optional()
      .describe('Statuses that are a success; without it any 2xx.'),
    times: z
      .int()
      .min(1)
      .max(1_000)
      .default(1)
      .describe('Sends it so often, one after the other; the last response is the result.'),
    timeout: upTo(limits.longestLookMs).default(limits.execMs),
  })
  .refine(hasOneBody, oneBody)
  .refine(portGoesWithService, portAlone)
  .refine(authFitsService, ownAuth);

export type HttpActionSpec = z.infer<typeof spec>;

/** Logs in once a sandbox handle: a run binds its own handle, so a run logs in once. */
export function httpAction(): ActionKind<HttpActionSpec> {
  const tokens = loginTokens();
  return {
    kind: 'http',
    spec,
    ownRoots: signRoots,
    resultType: () => responseType,
    components: (asked) => [placed(asked, httpKinds(asked.auth))],
    run: (asked, context, signal) => actHttp(asked, context, tokens, signal),
  };
}
