/** Who a token speaks for. */
import { z } from 'zod';
import { type Api, problems } from '../api.ts';
import { tokenOf } from '../auth.ts';
import { iso, timeSchema } from '../schemas.ts';

const meSchema = z.object({
  subject: z.string(),
  role: z.enum(['trainee', 'instructor', 'admin']),
  class: z.string().nullable(),
  token: z.object({ id: z.string(), expiresAt: timeSchema.nullable() }),
});

export function meRoutes(api: Api): void {
  api.route({
    method: 'GET',
    url: '/me',
    schema: { tags: ['tokens'], summary: 'Who you are', response: { 200: meSchema, ...problems } },
    handler: async (request) => {
      const { id, role, subject, class: group, expiresAt } = tokenOf(request);
      return { subject, role, class: group, token: { id, expiresAt: iso(expiresAt) } };
    },
  });
}
