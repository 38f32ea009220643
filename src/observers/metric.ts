/** `metric`: the samples of a component's /metrics page. */
import { z } from 'zod';
import type { ObserverKind } from '../grading/types.ts';
import { seeResponse } from './http-look.ts';
import { authFitsService, httpKinds, ownAuth, requestShape } from './http-spec.ts';
import { limits } from './limits.ts';
import { LookFailure, look } from './look.ts';
import { parsePrometheus } from './prometheus.ts';
import { placed, portAlone, portGoesWithService, serviceShape } from './service-place.ts';
import { componentName, httpPath, list, map, number, object, string, upTo } from './spec-parts.ts';

const spec = z
  .strictObject({
    component: componentName,
    ...serviceShape,
    path: httpPath.default('/metrics'),
    auth: requestShape.auth,
    headers: requestShape.headers,
    prefix: z.string().min(1).max(200).optional().describe('Only samples whose name begins with this.'),
    timeout: upTo(limits.longestLookMs).default(limits.lookMs),
  })
  .refine(portGoesWithService, portAlone)
  .refine(authFitsService, ownAuth);

export type MetricSpec = z.infer<typeof spec>;

export const metricObserver: ObserverKind<MetricSpec> = {
  kind: 'metric',
  spec,
  atReference: true,
  resultType: () => object({ samples: list(object({ name: string, labels: map(string), value: number })) }),
  components: (asked) => [placed(asked, httpKinds(asked.auth))],
  observe: (asked, context, signal) =>
    look(context, asked.timeout, signal, async (within) => {
      const response = await seeResponse({ ...asked, method: 'GET' }, context, within);
      if (response.status !== 200) {
        const reason = `${asked.path} answered ${response.status}, not 200.`;
        throw new LookFailure('rejected', reason, reason);
      }
      const { prefix = '' } = asked;
      return { samples: parsePrometheus(response.text).filter(({ name }) => name.startsWith(prefix)) };
    }),
};
