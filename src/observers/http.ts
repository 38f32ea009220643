/**
 * `http`: one request to one component, pinned to its address. Redirects are seen, never followed; proxies of the
 * environment are not used. With `auth: trainee` the request has the trainee's rights and says that it is the grader.
 */
import { z } from 'zod';
import type { LookContext, Observation, ObserverKind, Value, ValueType } from '../grading/types.ts';
import { seeResponse } from './http-look.ts';
import { seeInTurns, seeRepeated } from './http-repeat.ts';
import {
  authFitsService,
  hasOneBody,
  httpKinds,
  oneBody,
  ownAuth,
  requestShape,
  signRoots,
} from './http-spec.ts';
import { repeatType } from './http-tally.ts';
import { limits } from './limits.ts';
import { LookFailure, look } from './look.ts';
import { placed, portAlone, portGoesWithService, serviceShape } from './service-place.ts';
import { componentName, dyn, map, number, object, string, upTo } from './spec-parts.ts';

const spec = z
  .strictObject({
    component: componentName,
    ...serviceShape,
    ...requestShape,
    repeat: z
      .strictObject({
        requests: z.int().min(1).max(limits.repeatRequests),
        concurrency: z.int().min(1).max(limits.repeatConcurrency).default(1),
        warmup: z.int().min(0).max(limits.repeatRequests).default(0),
      })
      .optional()
      .describe('Many times instead of once: how long it takes.'),
    timeout: upTo(limits.longestLookMs).optional().describe('Of one request, or of all together.'),
  })
  .refine(hasOneBody, oneBody)
  .refine(portGoesWithService, portAlone)
  .refine(authFitsService, ownAuth);

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
  atReference: true,
  ownRoots: signRoots,
  resultType: ({ repeat }) => (repeat === undefined ? responseType : repeatType),
  components: (asked) => [placed(asked, httpKinds(asked.auth))],
  observe: ({ repeat, ...asked }, context, signal) =>
    look(context, budgetOf(asked.timeout, repeat), signal, (within) =>
      repeat === undefined
        ? seeResponse(asked, context, within)
        : seeRepeated({ ...asked, repeat }, context, within),
    ),
  observeBeside,
};

async function observeBeside(
  asked: HttpSpec,
  contexts: readonly [LookContext, LookContext],
  signal: AbortSignal,
): Promise<readonly [Observation, Observation]> {
  const { repeat } = asked;
  const [first, second] = contexts;
  if (repeat === undefined) {
    const seen = await httpObserver.observe(asked, first, signal);
    return [seen, await httpObserver.observe(asked, second, signal)];
  }
  const budget = 2 * budgetOf(asked.timeout, repeat);
  let pair: readonly (Value | LookFailure)[] = [];
  const both = await look(first, budget, signal, async (within) => {
    pair = await seeInTurns({ ...asked, repeat }, contexts, within);
    return null;
  });
  if (both.outcome === 'unseen') return [both, both];
  const one = (value: Value | LookFailure): Observation =>
    value instanceof LookFailure ? failed(value, both) : { ...both, value };
  return [one(pair[0] ?? null), one(pair[1] ?? null)];
}

function failed(
  { problem, reason, message: internal }: LookFailure,
  { at, durationMs }: Observation,
): Observation {
  return { outcome: 'unseen', problem, reason, internal, at, durationMs };
}

function budgetOf(timeout: number | undefined, repeat: unknown): number {
  return timeout ?? (repeat === undefined ? limits.lookMs : limits.repeatMs);
}
