/** Who a token speaks for. */
import { z } from 'zod';
import { type Api, problems } from '../api.ts';
import { tokenOf } from '../auth.ts';
import { iso, timeSchema } from '../schemas.ts';

const meSchema = z.object({
  subject: z.string(),
  role: z.enum(['trainee', 'instructor', 'admin']),
  token: z.object({ id: z.string(), expiresAt: timeSchema.nullable() }),
});

export function meRoutes(api: Api): void {
  api.route({
    method: 'GET',
    url: '/me',
    schema: { tags: ['tokens'], summary: 'Who you are', response: { 200: meSchema, ...problems } },
    handler: async (request) => {
      const { id, role, subject, expiresAt } = tokenOf(request);
      return { subject, role, token: { id, expiresAt: iso(expiresAt) } };
    },
  });
}
