import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Caller } from './caller.ts';
import type { ListQuery, Values } from './crud-repository.ts';
import type { CrudService } from './crud-service.ts';
import { unauthorized } from './errors.ts';
import { idParams, pageOf, problem } from './fields.ts';

export interface CrudRoutes<Row> {
  /** Under /api/v1, e.g. `/customers`. */
  path: string;
  tag: string;
  /** What permissions are named after: `customer` makes customer:read and customer:write. */
  resource: string;
  row: z.ZodType;
  query: z.ZodType;
  /** Left out: there is no such route. */
  create?: z.ZodType;
  update?: z.ZodType;
  remove?: true;
  get?: false;
  service: Pick<CrudService<Row>, 'list' | 'get' | 'create' | 'update' | 'remove'>;
}

/** The routes that all modules have alike: list, get, create, update, delete. */
export function addCrudRoutes<Row>(app: FastifyInstance, routes: CrudRoutes<Row>): void {
  const { path, tag, resource, row, service } = routes;
  const read = { permission: `${resource}:read` };
  const write = { permission: `${resource}:write` };
  const schema = { tags: [tag], security: [{ bearer: [] }] };
  const one = `${path}/:id`;

  app.get(
    path,
    {
      config: read,
      schema: {
        ...schema,
        summary: `List ${tag}`,
        querystring: routes.query,
        response: { 200: pageOf(row), '4xx': problem },
      },
    },
    (request) => service.list(callerOf(request), request.query as ListQuery),
  );
  if (routes.get !== false)
    app.get(
      one,
      {
        config: read,
        schema: { ...schema, summary: 'Read one', params: idParams, response: { 200: row, '4xx': problem } },
      },
      (request) => service.get(callerOf(request), idOf(request)),
    );
  if (routes.create)
    app.post(
      path,
      {
        config: write,
        schema: {
          ...schema,
          summary: 'Create one',
          body: routes.create,
          response: { 201: row, '4xx': problem },
        },
      },
      async (request, reply) => {
        reply.code(201);
        return service.create(callerOf(request), request.body as Values);
      },
    );
  if (routes.update)
    app.patch(
      one,
      {
        config: write,
        schema: {
          ...schema,
          summary: 'Change one',
          params: idParams,
          body: routes.update,
          response: { 200: row, '4xx': problem },
        },
      },
      (request) => service.update(callerOf(request), idOf(request), request.body as Values),
    );
  if (routes.remove)
    app.delete(
      one,
      {
        config: write,
        schema: {
          ...schema,
          summary: 'Delete one',
          params: idParams,
          response: { 204: z.null(), '4xx': problem },
        },
      },
      async (request, reply) => {
        await service.remove(callerOf(request), idOf(request));
        return reply.code(204).send(null);
      },
    );
}

/** The caller of a route that is not public; the authentication hook has put them there. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === null) throw unauthorized('This needs a bearer token.');
  return request.caller;
}

export const idOf = (request: FastifyRequest): string => (request.params as z.infer<typeof idParams>).id;
