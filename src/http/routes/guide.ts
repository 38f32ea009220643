/** The instructions of one lab, with its own values in them. */
import { z } from 'zod';
import { type Api, problems } from '../api.ts';
import { callerOf } from '../auth.ts';
import type { AppDeps } from '../deps.ts';
import { labParams } from '../schemas.ts';

const guideSchema = z.object({
  instructions: z.string().describe('Markdown'),
  tasks: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      text: z.string().nullable().describe('Markdown; null while the task is not open'),
      open: z.boolean(),
    }),
  ),
});

export function guideRoutes(api: Api, deps: AppDeps): void {
  api.route({
    method: 'GET',
    url: '/labs/:id/guide',
    schema: {
      tags: ['labs'],
      summary: 'What to do, with this lab’s values and connection facts filled in',
      params: labParams,
      response: { 200: guideSchema, ...problems },
    },
    handler: async (request) => {
      const { instructions, tasks } = await deps.attempts.guide(callerOf(request), request.params.id);
      return { instructions, tasks: [...tasks] };
    },
  });
}
