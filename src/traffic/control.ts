/** Where only graders read what was sent. */
import { createHash, timingSafeEqual } from 'node:crypto';
import Fastify, { type FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Books } from './books.ts';
import { sentPage, summarise } from './summary.ts';

const window = z.object({
  since: z.coerce.date().optional(),
  path: z.string().optional(),
  last: z.coerce.number().int().min(0).max(100_000).optional(),
});
const page = z.object({
  key: z.string().min(1),
  columns: z
    .string()
    .default('')
    .transform((text) => text.split(',').filter((name) => name !== '')),
  after: z.coerce.number().int().min(0).default(0),
});

/** The control port's app, not yet listening. All but `/health` needs the bearer token. */
export function buildControl(books: Books, token: string): FastifyInstance {
  const app = Fastify({ bodyLimit: 1_024, forceCloseConnections: true });
  app.addHook('onRequest', async (request, reply) => {
    if (request.url === '/health') return;
    if (!sameText(request.headers.authorization ?? '', `Bearer ${token}`))
      return reply.code(401).send({ error: 'unauthorized' });
  });
  app.get('/health', async () => ({ status: 'ok' }));
  app.get('/journal', async (request, reply) => {
    const found = window.safeParse(request.query);
    if (!found.success) return reply.code(400).send({ message: z.prettifyError(found.error) });
    return { now: new Date().toISOString(), full: books.full, ...summarise(books.entries, found.data) };
  });
  app.get('/sent', async (request, reply) => {
    const found = page.safeParse(request.query);
    if (!found.success) return reply.code(400).send({ message: z.prettifyError(found.error) });
    return sentPage(books.entries, found.data);
  });
  return app;
}

/** Takes the same time wherever they differ. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
