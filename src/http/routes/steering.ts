/** What a trainee may do to the course of their lab: set off what is prepared, go back, have a task done, see the end. */
import { z } from 'zod';
import { type Api, problems } from '../api.ts';
import { callerOf } from '../auth.ts';
import type { AppDeps } from '../deps.ts';
import { labSchema, labWire } from '../lab-wire.ts';
import { idSchema, labParams, textSchema } from '../schemas.ts';

const tags = ['labs'];
/** Nothing needs to be said. */
const nothing = z.strictObject({}).default({});
const taskParams = z.strictObject({ id: idSchema.describe("The lab's id"), task: idSchema });

export function steeringRoutes(api: Api, { labs, operations, people }: AppDeps): void {
  api.route({
    method: 'POST',
    url: '/labs/:id/press',
    config: { audit: { action: 'button.press', detail: ['button'] } },
    schema: {
      tags,
      summary: 'Press a button of the lab, such as "Start the drill"',
      description: 'Progress lists the buttons. What it sets off happens once, however often it is pressed.',
      params: labParams,
      body: z.strictObject({ button: textSchema(200) }),
      response: { 202: z.object({ button: z.string() }), ...problems },
    },
    handler: async (request, reply) => {
      const { button } = request.body;
      await operations.press(callerOf(request), request.params.id, button);
      return reply.code(202).send({ button });
    },
  });

  api.route({
    method: 'POST',
    url: '/labs/:id/tasks/:task/rewind',
    config: { audit: 'task.rewind' },
    schema: {
      tags,
      summary: 'Go back to the state that was kept after a task',
      description: 'Everything done since is lost; the score and the answers stay.',
      params: taskParams,
      body: nothing,
      response: { 202: labSchema, ...problems },
    },
    handler: async (request, reply) => {
      const caller = callerOf(request);
      const { id, task } = request.params;
      return reply.code(202).send(labWire(await labs.rewind(caller, id, task), caller));
    },
  });

  api.route({
    method: 'POST',
    url: '/labs/:id/tasks/:task/skip',
    config: { audit: 'task.skip' },
    schema: {
      tags,
      summary: 'Have a task done, for its price in points',
      params: taskParams,
      body: nothing,
      response: { 202: z.object({ task: z.string(), penalty: z.number() }), ...problems },
    },
    handler: async (request, reply) => {
      const { id, task } = request.params;
      return reply.code(202).send(await operations.skip(callerOf(request), id, task));
    },
  });

  api.route({
    method: 'GET',
    url: '/labs/:id/solution',
    schema: {
      tags,
      summary: 'The model solution, where the template shows it once the lab has ended',
      params: labParams,
      response: {
        200: z.object({
          solution: z.string(),
          steps: z.array(z.object({ id: z.string(), kind: z.string(), does: z.string() })),
          files: z.array(z.object({ path: z.string(), text: z.string() })),
        }),
        ...problems,
      },
    },
    handler: (request) => people.solution(callerOf(request), request.params.id),
  });
}
