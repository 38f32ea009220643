import type { FastifyInstance } from 'fastify';
import { notFound } from '../../shared/errors.ts';
import { idParams, problem } from '../../shared/fields.ts';
import type { Platform } from '../../shared/platform.ts';
import { callerOf, idOf } from '../../shared/router-factory.ts';
import { findOverview } from './repository.ts';
import { customerOverview } from './schemas.ts';

export function addStatus(app: FastifyInstance, { db }: Platform): void {
  app.get(
    '/status/customer/:id',
    {
      config: { permission: 'customer:read' },
      schema: {
        tags: ['support'],
        summary: 'A customer at a glance',
        security: [{ bearer: [] }],
        params: idParams,
        response: { 200: customerOverview, '4xx': problem },
      },
    },
    async (request) => {
      const overview = await findOverview(db, callerOf(request).tenantId, idOf(request));
      if (overview === undefined) throw notFound('customer', idOf(request));
      return overview;
    },
  );
}
