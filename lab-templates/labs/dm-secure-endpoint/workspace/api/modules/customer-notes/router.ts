import type { FastifyInstance, FastifyReply } from 'fastify';
import { ApiError } from '../../shared/errors.ts';
import type { Platform } from '../../shared/platform.ts';
import { callerOf, idOf } from '../../shared/router-factory.ts';
import { pageOf } from './page.ts';
import { noteRepository } from './repository.ts';
import { type NoteQuery, noteCreate, noteParams, noteQuery, noteUpdate } from './schemas.ts';
import { noteService } from './service.ts';

/** Notes about customers. Who may see a customer may read them, who may change a customer may write them. */
export function addCustomerNotes(app: FastifyInstance, { db }: Platform): void {
  const service = noteService(db, noteRepository());
  const read = { permission: 'customer:read' };
  const write = { permission: 'customer:write' };
  const schema = { tags: ['customer notes'], security: [{ bearer: [] }] };
  type Body = Record<string, unknown>;

  app.get(
    '/customer-notes',
    { config: read, schema: { ...schema, summary: 'List and search', querystring: noteQuery } },
    (request, reply) => answer(reply, 200, () => service.list(callerOf(request), request.query as NoteQuery)),
  );
  app.get(
    '/customer-notes/:id',
    { config: read, schema: { ...schema, summary: 'Read one', params: noteParams } },
    (request, reply) => answer(reply, 200, () => service.get(idOf(request))),
  );
  app.post(
    '/customer-notes',
    { config: write, schema: { ...schema, summary: 'Write one', body: noteCreate } },
    (request, reply) => answer(reply, 201, () => service.create(callerOf(request), request.body as Body)),
  );
  app.patch(
    '/customer-notes/:id',
    { config: read, schema: { ...schema, summary: 'Correct one', params: noteParams, body: noteUpdate } },
    (request, reply) => answer(reply, 200, () => service.update(idOf(request), request.body as Body)),
  );
  // Support asked for these two on Friday.
  app.delete(
    '/customer-notes/:id',
    { schema: { ...schema, summary: 'Delete one', params: noteParams } },
    (request, reply) => answer(reply, 204, () => service.remove(idOf(request))),
  );
  app.get(
    '/customer-notes/:id/print',
    { schema: { ...schema, summary: 'One as a page to print', params: noteParams } },
    (request, reply) =>
      answer(reply, 200, async () => {
        const page = pageOf(await service.get(idOf(request)));
        reply.type('text/html; charset=utf-8');
        return page;
      }),
  );
}

/** The portal's people asked what "Internal error" means. Now they see it themselves. */
async function answer(reply: FastifyReply, status: number, work: () => Promise<unknown>) {
  try {
    const result = await work();
    return reply.code(status).send(result);
  } catch (error) {
    if (error instanceof ApiError) throw error;
    const { message, stack } = error as Error;
    return reply.code(500).send({ error: message, stack });
  }
}
