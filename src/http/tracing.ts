/** Tells of each request, and joins it to the trace of whoever sent it. Paths are not told, only their patterns. */
import type { FastifyInstance } from 'fastify';
import type { Telemetry } from '../lab/telemetry.ts';

/** Call before all other hooks and routes: what they do belongs to the request. */
export function traceRequests(app: FastifyInstance, telemetry: Telemetry): void {
  app.addHook('onRequest', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unknown';
    // A stream's end says nothing, and a machine that watches asks all the time.
    if (route.endsWith('/events') || unwatched.has(route)) return done();
    const { id } = (request.params ?? {}) as { readonly id?: unknown };
    const facts = {
      'http.request.method': request.method,
      'http.route': route,
      ...(route.includes('/labs/:id') && typeof id === 'string' && { lab: id.slice(0, 64) }),
    };
    const { traceparent } = request.headers;
    const from = typeof traceparent === 'string' ? traceparent : null;
    void telemetry.span(
      `${request.method} ${route}`,
      facts,
      async () => {
        const closed = new Promise<void>((resolve) => reply.raw.once('close', resolve));
        done();
        await closed;
        telemetry.note({ 'http.response.status_code': reply.statusCode });
      },
      from,
    );
  });
}

const unwatched: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);
