/** States of a lab that its people keep by name, and going back to one. */
import { z } from 'zod';
import type { LabSnapshot } from '../../grading/operations/snapshot-service.ts';
import { type Api, problems } from '../api.ts';
import { callerOf } from '../auth.ts';
import type { AppDeps } from '../deps.ts';
import { labSchema, labWire } from '../lab-wire.ts';
import { idSchema, iso, labParams, textSchema, timeSchema } from '../schemas.ts';

const tags = ['labs'];
const nameSchema = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]{0,39}$/,
    'up to 40 lower-case letters, digits and hyphens, such as before-migration',
  );
const nameParams = z.object({ id: idSchema.describe("The lab's id"), name: nameSchema });

const snapshotSchema = z
  .object({
    name: z.string(),
    note: z.string().nullable(),
    by: z.string().describe('Who took it'),
    state: z.enum(['making', 'kept']).describe('`kept`: one can go back to it'),
    takenAt: timeSchema.nullable(),
  })
  .describe("A lab's databases and files as they were");

export type SnapshotWire = z.infer<typeof snapshotSchema>;

const wire = (one: LabSnapshot): SnapshotWire => ({ ...one, takenAt: iso(one.takenAt) });

export function snapshotRoutes(api: Api, { labs, snapshots }: Pick<AppDeps, 'labs' | 'snapshots'>): void {
  api.route({
    method: 'POST',
    url: '/labs/:id/snapshots',
    config: { audit: { action: 'snapshot.take', detail: ['name'] } },
    schema: {
      tags,
      summary: 'Keep the databases and files of a lab as they are now',
      description:
        'Its databases stand still for a moment, which the event `lab.pausing` announces: open transactions and sessions ' +
        'may be lost. Snapshots outlive a reset and end with their lab.',
      params: labParams,
      body: z.strictObject({ name: nameSchema, note: textSchema(500).optional() }),
      response: { 202: snapshotSchema, ...problems },
    },
    handler: async (request, reply) => {
      const { name, note = null } = request.body;
      const made = await snapshots.take(callerOf(request), request.params.id, { name, note });
      return reply.code(202).send(wire(made));
    },
  });

  api.route({
    method: 'GET',
    url: '/labs/:id/snapshots',
    schema: {
      tags,
      summary: 'Snapshots of a lab, oldest first',
      params: labParams,
      response: { 200: z.object({ items: z.array(snapshotSchema) }), ...problems },
    },
    handler: async (request) => {
      const all = await snapshots.list(callerOf(request), request.params.id);
      return { items: all.map(wire) };
    },
  });

  api.route({
    method: 'DELETE',
    url: '/labs/:id/snapshots/:name',
    config: { audit: 'snapshot.delete' },
    schema: {
      tags,
      summary: 'Give a snapshot up',
      params: nameParams,
      response: { 204: z.null(), ...problems },
    },
    handler: async (request, reply) => {
      const { id, name } = request.params;
      await snapshots.remove(callerOf(request), id, name);
      return reply.code(204).send(null);
    },
  });

  api.route({
    method: 'POST',
    url: '/labs/:id/restore',
    config: { audit: { action: 'lab.restore', detail: ['snapshot', 'keepScore'] } },
    schema: {
      tags,
      summary: 'Put a lab back to a snapshot',
      description:
        'Everything done in it since is lost. The score and the answers stay, unless `keepScore` is false: then they are ' +
        'forgotten as by a whole reset. A lab that is paused is resumed.',
      params: labParams,
      body: z.strictObject({ snapshot: nameSchema, keepScore: z.boolean().optional() }),
      response: { 202: labSchema, ...problems },
    },
    handler: async (request, reply) => {
      const caller = callerOf(request);
      const details = await labs.restore(caller, request.params.id, request.body);
      return reply.code(202).send(labWire(details, caller));
    },
  });
}
