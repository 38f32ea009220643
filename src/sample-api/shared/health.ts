import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Database } from './database.ts';

const health = z.object({
  status: z.enum(['ok', 'degraded']),
  version: z.string(),
  uptime: z.number().describe('Seconds since the start'),
  database: z.enum(['ok', 'away']),
});
const live = z.object({ status: z.literal('ok') });
const ready = z.object({ status: z.enum(['ready', 'not ready']), database: z.enum(['ok', 'away']) });

/** For people (/health), for restarts (/health/live) and for load balancers (/health/ready). */
export function addHealth(app: FastifyInstance, db: Pick<Database, 'answers'>, version: string): void {
  const tags = ['health'];
  app.get(
    '/health',
    { schema: { tags, summary: 'Version, uptime, database', response: { 200: health, 503: health } } },
    async (_request, reply) => {
      const ok = await db.answers();
      reply.code(ok ? 200 : 503);
      const uptime = Math.round(process.uptime() * 1000) / 1000;
      return {
        status: ok ? ('ok' as const) : ('degraded' as const),
        version,
        uptime,
        database: ok ? ('ok' as const) : ('away' as const),
      };
    },
  );
  app.get(
    '/health/live',
    { schema: { tags, summary: 'The process answers', response: { 200: live } } },
    async () => ({ status: 'ok' as const }),
  );
  app.get(
    '/health/ready',
    { schema: { tags, summary: 'Requests can be served', response: { 200: ready, 503: ready } } },
    async (_request, reply) => {
      const ok = await db.answers();
      reply.code(ok ? 200 : 503);
      return {
        status: ok ? ('ready' as const) : ('not ready' as const),
        database: ok ? ('ok' as const) : ('away' as const),
      };
    },
  );
}
