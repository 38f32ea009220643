/** For machines that watch this one: is it alive, can it answer, what does it count. Outside of `/api`, no problems. */
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { LabError } from '../../lab/errors.ts';
import { type Api, problems } from '../api.ts';
import { type Authenticator, tokenOf } from '../auth.ts';
import type { AppDeps } from '../deps.ts';
import { measureFacts } from '../metrics.ts';
import type { Readiness } from '../readiness.ts';

const tags = ['operation'];

const readinessSchema = z.object({
  ready: z.boolean().describe('Every required part is up'),
  parts: z.record(z.string(), z.enum(['up', 'down'])),
});

export function healthRoutes(
  api: Api,
  deps: AppDeps,
  authenticator: Authenticator,
  readiness: () => Promise<Readiness>,
): void {
  measureFacts(deps);

  api.route({
    method: 'GET',
    url: '/healthz',
    schema: {
      tags,
      summary: 'The process is alive',
      security: [],
      response: { 200: z.object({ status: z.literal('ok') }) },
    },
    handler: async () => ({ status: 'ok' as const }),
  });

  api.route({
    method: 'GET',
    url: '/readyz',
    schema: {
      tags,
      summary: 'Requests can be answered',
      description:
        '503 while a required part is down. Without its queue or a backend the API still takes requests; those parts ' +
        'only show as down.',
      security: [],
      response: { 200: readinessSchema, 503: readinessSchema, ...problems },
    },
    handler: async (_request, reply) => {
      const answer = await readiness();
      if (!answer.ready) reply.header('retry-after', '2');
      return reply.code(answer.ready ? 200 : 503).send({ ready: answer.ready, parts: { ...answer.parts } });
    },
  });

  api.route({
    method: 'GET',
    url: '/metrics',
    schema: {
      tags,
      summary: 'Counts and times for Prometheus',
      description:
        'Without a token from this machine itself; from elsewhere with one of an instructor or admin.',
      response: {
        200: { description: 'Metrics', content: { 'text/plain': { schema: z.string() } } },
        ...problems,
      },
    },
    handler: async (request, reply) => {
      if (!isLocal(request)) {
        await authenticator.authenticate(request);
        if (tokenOf(request).role === 'trainee') {
          throw new LabError('forbidden', 'Metrics are for instructors and admins.');
        }
      }
      return reply.type(deps.registry.contentType).send(await deps.registry.metrics());
    },
  });
}

/** Behind a proxy every request comes from this machine; then the proxy's header tells that it is from elsewhere. */
function isLocal(request: FastifyRequest): boolean {
  const { headers, socket } = request;
  if (headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined) return false;
  const address = socket.remoteAddress ?? '';
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.');
}
