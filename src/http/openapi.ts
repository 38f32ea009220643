/**
 * The OpenAPI 3.1 document, made from the routes' own zod schemas when it is first asked for. The generator is not
 * loaded before: registering it costs the app 40 ms of its start, and most processes are never asked.
 */
import Fastify, { type FastifyInstance, type RouteOptions } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';

const description = `Hands-on labs on demand: each trainee gets an isolated lab made from a template, works in it, and is
graded by its end state.

Send \`Authorization: Bearer <token>\` with every request below \`/api\`. Errors are problem details (RFC 9457):
branch on \`code\`. Lists have pages: pass \`nextCursor\` on as \`cursor\`. A 429 or 503 says in \`Retry-After\` when
to try again.`;

/** JSON text of the document. Call before routes are added: it notes them as they come. */
export function describeRoutes(app: FastifyInstance, version: string): () => Promise<string> {
  const routes: RouteOptions[] = [];
  app.addHook('onRoute', (route) => {
    if (route.method !== 'HEAD') routes.push(route);
  });
  let document: Promise<string> | null = null;
  return () => {
    document ??= generate(routes, version);
    return document;
  };
}

/** The generator reads the routes of an app that it is registered in: here one that answers nothing. */
async function generate(routes: readonly RouteOptions[], version: string): Promise<string> {
  const { default: swagger } = await import('@fastify/swagger');
  const app = Fastify({ exposeHeadRoutes: false });
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => JSON.stringify);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Labwright', version, description, license: { name: 'Apache-2.0' } },
      servers: [{ url: '/' }],
      tags: [
        { name: 'labs', description: 'Ask for labs, watch, reset, extend and end them' },
        { name: 'grading', description: 'Attempts, answers, hints and progress' },
        { name: 'templates', description: 'What labs are made from' },
        { name: 'tokens', description: 'Who may call' },
        { name: 'operation', description: 'Is it well' },
      ],
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform: jsonSchemaTransform,
  });
  for (const { method, url, schema } of routes) {
    app.route({ method, url, schema: schema ?? { hide: true }, handler: () => null });
  }
  await app.ready();
  return JSON.stringify(app.swagger());
}
