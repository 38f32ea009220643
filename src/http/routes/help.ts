/** Calls for help from a lab, and their answers. */
import { z } from 'zod';
import type { HelpRequest } from '../../grading/types.ts';
import { type Api, problems } from '../api.ts';
import { callerOf } from '../auth.ts';
import type { AppDeps } from '../deps.ts';
import { idSchema, iso, labParams, limitSchema, textSchema, timeSchema } from '../schemas.ts';

const tags = ['help'];

const helpSchema = z.object({
  id: z.string(),
  lab: z.string(),
  trainee: z.string(),
  template: z.string(),
  task: z.string().nullable(),
  message: z.string(),
  askedAt: timeSchema,
  answer: z.string().nullable(),
  answeredBy: z.string().nullable(),
  answeredAt: timeSchema.nullable(),
});

const items = z.object({ items: z.array(helpSchema) });
const someText = (what: string) => textSchema(5_000).refine((text) => text.trim() !== '', what);

export function helpRoutes(api: Api, { people }: AppDeps): void {
  api.route({
    method: 'POST',
    url: '/labs/:id/help',
    config: { audit: { action: 'help.ask', detail: ['task'] } },
    schema: {
      tags,
      summary: 'Call an instructor',
      description: 'Asking again before there is an answer replaces the message.',
      params: labParams,
      body: z.strictObject({
        message: someText('what you are stuck with'),
        task: idSchema.optional().describe('The task that you are at'),
      }),
      response: { 202: helpSchema, ...problems },
    },
    handler: async (request, reply) => {
      const { message, task = null } = request.body;
      const asked = await people.askHelp(callerOf(request), request.params.id, { message, task });
      return reply.code(202).send(helpWire(asked));
    },
  });

  api.route({
    method: 'GET',
    url: '/labs/:id/help',
    schema: {
      tags,
      summary: "A lab's calls for help, the open one first",
      params: labParams,
      response: { 200: items, ...problems },
    },
    handler: async (request) => {
      const all = await people.labHelp(callerOf(request), request.params.id);
      return { items: all.map(helpWire) };
    },
  });

  api.route({
    method: 'POST',
    url: '/labs/:id/help/:help/answer',
    config: { audit: 'help.answer' },
    schema: {
      tags,
      summary: 'Answer a call for help',
      params: z.strictObject({ id: idSchema.describe("The lab's id"), help: idSchema }),
      body: z.strictObject({ answer: someText('an answer') }),
      response: { 200: helpSchema, ...problems },
    },
    handler: async (request) => {
      const { id, help } = request.params;
      return helpWire(await people.answerHelp(callerOf(request), id, help, request.body.answer));
    },
  });

  api.route({
    method: 'GET',
    url: '/help',
    schema: {
      tags,
      summary: 'Calls for help from all labs, those that wait longest first',
      querystring: z.strictObject({
        open: z.enum(['true', 'false']).default('true').describe('`false`: answered ones too'),
        limit: limitSchema,
      }),
      response: { 200: items, ...problems },
    },
    handler: async (request) => {
      const { open, limit } = request.query;
      const all = await people.listHelp(callerOf(request), { open: open === 'true', limit });
      return { items: all.map(helpWire) };
    },
  });
}

function helpWire(help: HelpRequest): z.infer<typeof helpSchema> {
  const { id, labId, trainee, templateId, task, message, askedAt, answer, answeredBy, answeredAt } = help;
  return {
    id,
    lab: labId,
    trainee,
    template: templateId,
    task,
    message,
    askedAt: iso(askedAt),
    answer,
    answeredBy,
    answeredAt: iso(answeredAt),
  };
}
