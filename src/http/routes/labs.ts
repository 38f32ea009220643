/** Labs: ask for one, look, list, reset, extend, end. */
import { z } from 'zod';
import { describeLab } from '../../lab/describe.ts';
import { LabError } from '../../lab/errors.ts';
import type { LabPhase } from '../../lab/lab.ts';
import { type Api, problems } from '../api.ts';
import { callerOf } from '../auth.ts';
import type { AppDeps } from '../deps.ts';
import { labSchema, labWire } from '../lab-wire.ts';
import {
  cursorSchema,
  durationSchema,
  idSchema,
  labParams,
  limitSchema,
  pageOf,
  subjectSchema,
  versionSchema,
} from '../schemas.ts';

const tags = ['labs'];

const createBody = z.strictObject({
  template: idSchema,
  trainee: subjectSchema.optional().describe('Instructors only: for whom'),
  backend: idSchema.optional().describe("Default: this installation's first one that the template runs on"),
  ttl: durationSchema.optional().describe('How long it lives; default and maximum are the template’s'),
  seed: idSchema.optional().describe('Instructors only: what the parameters are drawn from'),
  class: idSchema
    .optional()
    .describe("For which class: its version of the template is taken. Default: the token's"),
  version: versionSchema.optional().describe('Instructors only: which version; default: what trainees get'),
});

const createHeaders = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/, '1 to 200 printable characters without spaces')
    .optional()
    .describe('The same key and body give the same lab, however often they are sent'),
});

/** Words of `state=` and the phases that they stand for. */
const states = {
  active: ['requested', 'provisioning', 'ready', 'paused', 'resuming'],
  queued: ['requested'],
  starting: ['provisioning'],
  ready: ['ready'],
  paused: ['paused', 'resuming'],
  ending: ['terminating'],
  ended: ['terminated'],
} as const satisfies Readonly<Record<string, readonly LabPhase[]>>;

const listQuery = z.strictObject({
  state: z
    .enum(Object.keys(states) as (keyof typeof states)[])
    .optional()
    .describe('`active` is all that have not ended'),
  trainee: subjectSchema.optional(),
  template: idSchema.optional(),
  class: idSchema.optional(),
  cursor: cursorSchema.optional(),
  limit: limitSchema,
});

const resetBody = z
  .strictObject({
    components: z.array(idSchema).min(1).max(50).optional().describe('Default: all of them'),
    keepScore: z.boolean().optional().describe('Keep what was passed already; default false'),
  })
  .default({});

const extendBody = z.strictObject({ minutes: z.int().min(1).max(10_080) });

export function labRoutes(api: Api, deps: AppDeps): void {
  const { labs } = deps;

  api.route({
    method: 'POST',
    url: '/labs',
    config: {
      audit: { action: 'lab.create', detail: ['template', 'trainee', 'backend', 'class', 'version'] },
    },
    schema: {
      tags,
      summary: 'Ask for a lab',
      description: 'Answers at once; watch the lab or its events until it is ready.',
      headers: createHeaders,
      body: createBody,
      response: { 202: labSchema, ...problems },
    },
    handler: async (request, reply) => {
      const caller = callerOf(request);
      const { ttl, ...wanted } = request.body;
      const key = request.headers['idempotency-key'] ?? null;
      const made = await labs.createLab(caller, { ...wanted, ttlSeconds: ttl }, key);
      // A lab that was just recorded is queued: reading it again would only cost the time of two queries.
      const details = made.created
        ? { ...made, view: describeLab(made.lab, null, null, made.now, false) }
        : await labs.getLab(caller, made.lab.id);
      if (!made.created) reply.header('idempotency-replayed', 'true');
      return reply.code(202).header('location', `/api/v1/labs/${made.lab.id}`).send(labWire(details, caller));
    },
  });

  api.route({
    method: 'GET',
    url: '/labs',
    schema: {
      tags,
      summary: 'List labs, newest first',
      description: 'Trainees see their own.',
      querystring: listQuery,
      response: { 200: pageOf(labSchema), ...problems },
    },
    handler: async (request) => {
      const caller = callerOf(request);
      const { state, trainee, template, class: classId, cursor, limit } = request.query;
      if (caller.role === 'trainee' && trainee !== undefined && trainee !== caller.subject) {
        throw new LabError('forbidden', 'trainee: only an instructor may list the labs of others.', {
          extra: { field: 'trainee' },
        });
      }
      const page = await labs.listLabs(caller, {
        limit,
        ...(trainee === undefined ? {} : { trainee }),
        ...(template === undefined ? {} : { templateId: template }),
        ...(classId === undefined ? {} : { class: classId }),
        ...(state === undefined ? {} : { phases: states[state] }),
        ...(cursor === undefined ? {} : { cursor }),
      });
      return { items: page.items.map((one) => labWire(one, caller)), nextCursor: page.nextCursor };
    },
  });

  api.route({
    method: 'GET',
    url: '/labs/:id',
    schema: {
      tags,
      summary: 'One lab',
      params: labParams,
      response: { 200: labSchema, ...problems },
    },
    handler: async (request) => {
      const caller = callerOf(request);
      return labWire(await labs.getLab(caller, request.params.id), caller);
    },
  });

  api.route({
    method: 'DELETE',
    url: '/labs/:id',
    config: { audit: 'lab.delete' },
    schema: {
      tags,
      summary: 'End a lab',
      description: 'Asking again, also after it has ended, gives the same answer.',
      params: labParams,
      response: { 202: labSchema, ...problems },
    },
    handler: async (request, reply) => {
      const caller = callerOf(request);
      return reply.code(202).send(labWire(await labs.deleteLab(caller, request.params.id), caller));
    },
  });

  api.route({
    method: 'POST',
    url: '/labs/:id/reset',
    config: { audit: { action: 'lab.reset', detail: ['components', 'keepScore'] } },
    schema: {
      tags,
      summary: 'Put a lab, or some of its components, back to the start',
      description:
        'Components that depend on a named one are reset with it. When all are, the answers to questions are ' +
        'forgotten too, unless the score is kept.',
      params: labParams,
      body: resetBody,
      response: { 202: labSchema, ...problems },
    },
    handler: async (request, reply) => {
      const caller = callerOf(request);
      const details = await labs.resetLab(caller, request.params.id, request.body);
      return reply.code(202).send(labWire(details, caller));
    },
  });

  api.route({
    method: 'POST',
    url: '/labs/:id/extend',
    config: { audit: { action: 'lab.extend', detail: ['minutes'] } },
    schema: {
      tags,
      summary: 'Let a lab live longer',
      params: labParams,
      body: extendBody,
      response: { 200: labSchema, ...problems },
    },
    handler: async (request) => {
      const caller = callerOf(request);
      const { minutes } = request.body;
      return labWire(await labs.extendLab(caller, request.params.id, minutes), caller);
    },
  });
}
