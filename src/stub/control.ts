/** Where only graders speak to the partner, and the little of it that trainees may be allowed. */
import { createHash, timingSafeEqual } from 'node:crypto';
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Books } from './books.ts';
import type { StubSpec } from './spec.ts';
import { summarise } from './summary.ts';

export interface ControlOptions {
  readonly spec: StubSpec;
  readonly books: Books;
}

const query = z.object({
  since: z.coerce.date().optional(),
  path: z.string().optional(),
  last: z.coerce.number().int().min(0).max(100_000).optional(),
});
const change = z.strictObject({ mood: z.string(), seed: z.int().min(0).optional() });

/** The control port's app, not yet listening. All but `/health` needs the bearer token. */
export function buildControl(options: ControlOptions & { readonly token: string }): FastifyInstance {
  const app = Fastify({ bodyLimit: 64 * 1024, forceCloseConnections: true });
  app.addHook('onRequest', async (request, reply) => {
    if (request.url === '/health') return;
    if (!sameText(request.headers.authorization ?? '', `Bearer ${options.token}`))
      return reply.code(401).send({ error: 'unauthorized' });
  });
  app.get('/health', async () => ({ status: 'ok' }));
  app.get('/journal', async (request, reply) => journal(request.query, reply, options));
  app.put('/mood', async (request, reply) => setMood(request.body, reply, options));
  app.post('/expire-tokens', async () => {
    options.books.expireTokens(new Date());
    return { expired: true };
  });
  return app;
}

/** `/_stub/…` on the public port: what the template allows, and nothing else. */
export function addTraineeRoutes(
  app: FastifyInstance,
  options: ControlOptions & { readonly allowed: readonly ('mood' | 'journal')[] },
): void {
  if (options.allowed.includes('journal'))
    app.get('/_stub/journal', async (request, reply) => journal(request.query, reply, options));
  if (!options.allowed.includes('mood')) return;
  app.get('/_stub/mood', async () => moodOf(options));
  app.put('/_stub/mood', async (request, reply) => setMood(parsed(request.body), reply, options));
}

function journal(asked: unknown, reply: FastifyReply, { books }: ControlOptions): object {
  const found = query.safeParse(asked);
  if (!found.success)
    return reply.code(400).send({ error: 'bad_query', message: z.prettifyError(found.error) });
  return { now: new Date().toISOString(), full: books.full, ...summarise(books.entries, found.data) };
}

function setMood(asked: unknown, reply: FastifyReply, options: ControlOptions): object {
  const found = change.safeParse(asked);
  const moods = moodOf(options).moods;
  if (!found.success || !moods.includes(found.data.mood)) {
    const message = `expected { mood, seed? } with one of the moods ${moods.join(', ')}`;
    return reply.code(400).send({ error: 'bad_mood', message });
  }
  options.books.setMood(found.data.mood, found.data.seed ?? 0, new Date());
  return moodOf(options);
}

function moodOf({ spec, books }: ControlOptions) {
  const moods = [...new Set(['calm', ...Object.keys(spec.moods)])];
  return { mood: books.mood.name, seed: books.mood.seed, moods };
}

function parsed(body: unknown): unknown {
  try {
    return JSON.parse(String(body));
  } catch {
    return null;
  }
}

/** Takes the same time wherever they differ. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
