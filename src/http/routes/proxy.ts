/** The way from the API to a lab's own pages, which have origins of their own. */
import { z } from 'zod';
import { LabError } from '../../lab/errors.ts';
import { parseServicePort } from '../../lab/service-port.ts';
import { type Api, problems } from '../api.ts';
import { callerOf } from '../auth.ts';
import type { AppDeps } from '../deps.ts';
import { labParams } from '../schemas.ts';

export function proxyRoutes(api: Api, deps: AppDeps): void {
  api.route({
    method: 'POST',
    url: '/labs/:id/proxy/:component',
    config: { audit: { action: 'lab.open' } },
    schema: {
      tags: ['labs'],
      summary: "An address at which a browser may open a component's pages",
      description:
        'For components that speak HTTP, and for Services of namespaces. The address is on an origin of its own, works once within half a minute, and ' +
        'then opens the pages for eight hours.',
      params: labParams.extend({ component: z.string().min(1).max(64) }),
      body: z
        .strictObject({
          path: z.string().max(2_000).startsWith('/').optional(),
          service: z
            .string()
            .max(100)
            .optional()
            .describe('Where the component is a namespace: a Service in it and its port, such as `web:80`'),
        })
        .nullish()
        .describe('Where to begin; the start page when `path` is not given.'),
      response: {
        201: z.object({ url: z.string(), expiresAt: z.iso.datetime() }),
        ...problems,
      },
    },
    handler: async (request, reply) => {
      const { id, component } = request.params;
      const { pages } = deps;
      if (pages === undefined) {
        throw new LabError('not_found', 'The pages of labs are not served here.');
      }
      const { path = '/', service } = request.body ?? {};
      const at = service === undefined ? null : parseServicePort(service, 'service');
      const opened = await pages.open(callerOf(request), id, component, path, at);
      return reply.status(201).send({ url: opened.url, expiresAt: opened.expiresAt.toISOString() });
    },
  });
}
