import type { FastifyInstance } from 'fastify';
import { idParams } from '../../shared/fields.ts';
import type { Platform } from '../../shared/platform.ts';
import { addCrudRoutes, callerOf, idOf } from '../../shared/router-factory.ts';
import { pageOf } from './page.ts';
import { noteRepository } from './repository.ts';
import { note, noteCreate, noteQuery, noteUpdate } from './schemas.ts';
import { noteService } from './service.ts';

/** Notes about customers. Who may see a customer may read them, who may change a customer may write them. */
export function addCustomerNotes(app: FastifyInstance, { db }: Platform): void {
  const service = noteService(db, noteRepository());

  addCrudRoutes(app, {
    path: '/customer-notes',
    tag: 'customer notes',
    resource: 'customer',
    row: note,
    query: noteQuery,
    create: noteCreate,
    update: noteUpdate,
    remove: true,
    service,
  });

  app.get(
    '/customer-notes/:id/print',
    {
      config: { permission: 'customer:read' },
      schema: {
        tags: ['customer notes'],
        security: [{ bearer: [] }],
        summary: 'One as a page to print',
        params: idParams,
      },
    },
    async (request, reply) => {
      const page = pageOf(await service.get(callerOf(request), idOf(request)));
      return reply.type('text/html; charset=utf-8').send(page);
    },
  );
}
