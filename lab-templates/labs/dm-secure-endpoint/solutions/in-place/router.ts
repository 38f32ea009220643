import type { FastifyInstance } from 'fastify';
import type { Platform } from '../../shared/platform.ts';
import { callerOf, idOf } from '../../shared/router-factory.ts';
import { pageOf } from './page.ts';
import { noteRepository } from './repository.ts';
import {
  type NoteCreate,
  type NoteQuery,
  type NoteUpdate,
  noteCreate,
  noteParams,
  noteQuery,
  noteUpdate,
} from './schemas.ts';
import { noteService } from './service.ts';

/** Notes about customers. Who may see a customer may read them, who may change a customer may write them. */
export function addCustomerNotes(app: FastifyInstance, { db }: Platform): void {
  const service = noteService(db, noteRepository());
  const read = { permission: 'customer:read' };
  const write = { permission: 'customer:write' };
  const schema = { tags: ['customer notes'], security: [{ bearer: [] }] };

  app.get(
    '/customer-notes',
    { config: read, schema: { ...schema, summary: 'List and search', querystring: noteQuery } },
    (request) => service.list(callerOf(request), request.query as NoteQuery),
  );
  app.get(
    '/customer-notes/:id',
    { config: read, schema: { ...schema, summary: 'Read one', params: noteParams } },
    (request) => service.get(callerOf(request), idOf(request)),
  );
  app.post(
    '/customer-notes',
    { config: write, schema: { ...schema, summary: 'Write one', body: noteCreate } },
    async (request, reply) => {
      reply.code(201);
      return service.create(callerOf(request), request.body as NoteCreate);
    },
  );
  app.patch(
    '/customer-notes/:id',
    { config: write, schema: { ...schema, summary: 'Correct one', params: noteParams, body: noteUpdate } },
    (request) => service.update(callerOf(request), idOf(request), request.body as NoteUpdate),
  );
  app.delete(
    '/customer-notes/:id',
    { config: write, schema: { ...schema, summary: 'Delete one', params: noteParams } },
    async (request, reply) => {
      await service.remove(callerOf(request), idOf(request));
      return reply.code(204).send();
    },
  );
  app.get(
    '/customer-notes/:id/print',
    { config: read, schema: { ...schema, summary: 'One as a page to print', params: noteParams } },
    async (request, reply) => {
      const page = pageOf(await service.get(callerOf(request), idOf(request)));
      return reply.type('text/html; charset=utf-8').send(page);
    },
  );
}
