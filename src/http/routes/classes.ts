/** Classes: the versions that they are pinned to, and when work is due. Instructors only. */
import { z } from 'zod';
import type { ClassRecord } from '../../lab/releases/types.ts';
import { type Api, problems } from '../api.ts';
import { callerOf } from '../auth.ts';
import type { AppDeps } from '../deps.ts';
import { idSchema, iso, subjectSchema, timeSchema, versionSchema } from '../schemas.ts';

const tags = ['classes'];
const params = z.strictObject({ id: idSchema.describe("The class's id") });
const late = z
  .enum(['accept', 'mark', 'refuse'])
  .describe('What becomes of work that is handed in later: nothing, it is marked as late, it is refused');

const classSchema = z.object({
  id: z.string(),
  title: z.string(),
  pins: z.record(z.string(), z.string()).describe('Template → hash of the version that the class gets'),
  due: z.record(z.string(), z.object({ at: timeSchema, late })),
  changedAt: timeSchema,
  changedBy: z.string(),
  labs: z.int().describe('Labs of it that have not ended'),
});

const classBody = z.strictObject({
  title: subjectSchema,
  pins: z
    .record(idSchema, versionSchema)
    .default({})
    .describe('Template → version; a word stands for the version that it names now'),
  due: z
    .record(
      idSchema,
      z.strictObject({
        at: z.iso.datetime({ offset: true }).describe('A time with its zone, such as 2026-05-01T18:00:00Z'),
        late: late.default('mark'),
      }),
    )
    .default({})
    .describe('Template → when its work is to be handed in'),
});

export function classRoutes(api: Api, { classes }: AppDeps): void {
  api.route({
    method: 'GET',
    url: '/classes',
    schema: {
      tags,
      summary: 'List classes',
      response: { 200: z.object({ items: z.array(classSchema) }), ...problems },
    },
    handler: async (request) => ({ items: (await classes.list(callerOf(request))).map(classWire) }),
  });

  api.route({
    method: 'GET',
    url: '/classes/:id',
    schema: { tags, summary: 'One class', params, response: { 200: classSchema, ...problems } },
    handler: async (request) => classWire(await classes.get(callerOf(request), request.params.id)),
  });

  api.route({
    method: 'PUT',
    url: '/classes/:id',
    config: { audit: { action: 'class.put', detail: ['title', 'pins', 'due'] } },
    schema: {
      tags,
      summary: 'Make a class, or make it what is given',
      params,
      body: classBody,
      response: { 200: classSchema, ...problems },
    },
    handler: async (request) => {
      const { title, pins, due } = request.body;
      const dues = Object.entries(due).map(
        ([template, one]) => [template, { at: new Date(one.at), late: one.late }] as const,
      );
      const wish = { title, pins, due: Object.fromEntries(dues) };
      return classWire(await classes.put(callerOf(request), request.params.id, wish));
    },
  });

  api.route({
    method: 'DELETE',
    url: '/classes/:id',
    config: { audit: 'class.delete' },
    schema: {
      tags,
      summary: 'Delete a class',
      description: 'Its labs stay and keep its name.',
      params,
      response: { 204: z.null(), ...problems },
    },
    handler: async (request, reply) => {
      await classes.delete(callerOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  });
}

function classWire(record: ClassRecord): z.infer<typeof classSchema> {
  const due = Object.entries(record.due).map(
    ([template, { at, late: policy }]) => [template, { at: iso(at), late: policy }] as const,
  );
  return {
    ...record,
    pins: { ...record.pins },
    due: Object.fromEntries(due),
    changedAt: iso(record.changedAt),
  };
}
