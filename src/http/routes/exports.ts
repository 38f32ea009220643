/** What a template keeps of a lab, as a file. */
import { z } from 'zod';
import { type Api, problems } from '../api.ts';
import { callerOf } from '../auth.ts';
import type { AppDeps } from '../deps.ts';
import { labParams } from '../schemas.ts';

const tags = ['labs'];

export function exportRoutes(api: Api, { exports }: Pick<AppDeps, 'exports'>): void {
  api.route({
    method: 'POST',
    url: '/labs/:id/export',
    config: { audit: 'lab.export' },
    schema: {
      tags,
      summary: 'Have what the template keeps of a lab written now',
      description:
        'It is written by itself when the lab ends. The event `lab.exported` tells that it is done; it takes the place of ' +
        'an earlier one.',
      params: labParams,
      body: z.strictObject({}).default({}),
      response: { 202: z.object({ lab: z.string() }), ...problems },
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      await exports.request(callerOf(request), id);
      return reply.code(202).send({ lab: id });
    },
  });

  api.route({
    method: 'GET',
    url: '/labs/:id/export',
    schema: {
      tags,
      summary: 'What the template keeps of a lab, as it was last written: a .tar.gz',
      description:
        'For its owner and instructors, also after the lab has ended, for as long as this server keeps exports. ' +
        '`manifest.json` in it lists all files with their SHA-256.',
      params: labParams,
      response: {
        200: { description: 'The archive', content: { 'application/gzip': { schema: z.string() } } },
        ...problems,
      },
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const { stream, bytes, writtenAt } = await exports.find(callerOf(request), id);
      reply
        .type('application/gzip')
        .header('content-length', bytes)
        .header('content-disposition', `attachment; filename="${encodeURIComponent(id)}.tar.gz"`)
        .header('last-modified', writtenAt.toUTCString());
      // A stream is sent as it is: no schema has anything to write.
      return reply.send(stream as never);
    },
  });
}
