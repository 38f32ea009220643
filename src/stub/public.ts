/** Where clients speak to the partner. */
import { randomBytes } from 'node:crypto';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { addTraineeRoutes } from './control.ts';
import { type Decision, decide } from './decide.ts';
import { type FinishOptions, finish } from './finish.ts';
import { addOauth } from './oauth.ts';
import { readRequest } from './request.ts';
import { type RouteSpec, routeName, type StubSpec } from './spec.ts';

const bodyBytes = 256 * 1024;

export interface PublicOptions extends FinishOptions {
  readonly spec: StubSpec;
  readonly trainee: readonly ('mood' | 'journal')[];
}

/** The app, not yet listening. */
export async function buildPublic(options: PublicOptions): Promise<FastifyInstance> {
  const { spec } = options;
  const app = Fastify({
    bodyLimit: bodyBytes,
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true },
  });
  // Each request is judged by us, and journalled whatever its body is.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_, body, done) => done(null, body));
  addTraineeRoutes(app, { ...options, allowed: options.trainee });
  if (spec.oauth !== undefined) await addOauth(app, spec.oauth, options);
  for (const route of spec.routes) {
    app.route({
      method: route.method,
      url: route.path,
      handler: (request, reply) => serve(route, request, reply, options),
    });
  }
  app.setNotFoundHandler((request, reply) => {
    const known = readRequest(request);
    const entry = { ...known.entry, route: `${request.method} ${known.entry.path}` };
    return finish(request, reply, options, known, entry, {
      outcome: 'not-found',
      answer: { status: 404, headers: {}, json: { error: 'not_found' } },
      afterMs: 0,
    });
  });
  return app;
}

function serve(
  route: RouteSpec,
  request: FastifyRequest,
  reply: FastifyReply,
  options: PublicOptions,
): Promise<FastifyReply> {
  const { spec, books } = options;
  const known = readRequest(request);
  const token = /^Bearer (\S+)$/i.exec(known.asked.headers.authorization ?? '')?.[1];
  const now = new Date();
  const actor = token === undefined ? null : books.actorOf(token, now);
  const entry = { ...known.entry, route: routeName(route), ...(actor !== null && { actor }) };
  const decision: Decision = known.malformed
    ? { outcome: 'refused', answer: { status: 400, headers: {}, json: { error: 'not_json' } }, afterMs: 0 }
    : decide(route, known.asked, {
        actor,
        mood: spec.moods[books.mood.name],
        seed: books.mood.seed,
        struck: books.struck,
        stored: books.stored,
        seq: books.nextSeq(),
        id: randomBytes(9).toString('hex'),
        now,
      });
  return finish(request, reply, options, known, entry, decision);
}
