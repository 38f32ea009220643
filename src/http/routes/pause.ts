/** What saves the cost of a lab while nobody uses it. */
import { z } from 'zod';
import { type Api, problems } from '../api.ts';
import { callerOf } from '../auth.ts';
import type { AppDeps } from '../deps.ts';
import { labSchema, labWire } from '../lab-wire.ts';
import { labParams } from '../schemas.ts';

const tags = ['labs'];
/** Nothing needs to be said. */
const nothing = z.strictObject({}).default({});

export function pauseRoutes(api: Api, { labs }: Pick<AppDeps, 'labs'>): void {
  api.route({
    method: 'POST',
    url: '/labs/:id/pause',
    config: { audit: 'lab.pause' },
    schema: {
      tags,
      summary: 'Pause a lab: its components are stopped, and keep all that they hold',
      description:
        'Its lifetime goes on. What happens at a time in it waits, and its watches count the pause as time of ours. ' +
        'Sessions with its database and programs end.',
      params: labParams,
      body: nothing,
      response: { 202: labSchema, ...problems },
    },
    handler: async (request, reply) => {
      const caller = callerOf(request);
      return reply.code(202).send(labWire(await labs.pauseLab(caller, request.params.id), caller));
    },
  });

  api.route({
    method: 'POST',
    url: '/labs/:id/resume',
    config: { audit: 'lab.resume' },
    schema: {
      tags,
      summary: 'Start what a pause has stopped',
      description: 'Answers before that is done: follow the lab until it is ready.',
      params: labParams,
      body: nothing,
      response: { 202: labSchema, ...problems },
    },
    handler: async (request, reply) => {
      const caller = callerOf(request);
      return reply.code(202).send(labWire(await labs.resumeLab(caller, request.params.id), caller));
    },
  });
}
