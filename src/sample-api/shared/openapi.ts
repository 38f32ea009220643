import swagger from '@fastify/swagger';
import Fastify, { type FastifyInstance } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';

/** Describes every route that is added after it: OpenAPI 3.1 at /openapi.json, pages at /docs. */
export async function useOpenApi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'DotMac platform',
        version,
        description: 'Customers, services, billing and support of an internet provider.',
      },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
    },
    transform: jsonSchemaTransform,
  });
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());

  // The pages load on first use: few runs of this platform ever show them, and all of them must start fast.
  let pages: Promise<FastifyInstance> | undefined;
  const serve = async (url: string) => {
    pages ??= openPages(app.swagger());
    return (await pages).inject(url);
  };
  app.addHook('onClose', async () => (await pages)?.close());
  for (const url of ['/docs', '/docs/*'])
    app.get(url, { schema: { hide: true } }, async (request, reply) => {
      const page = await serve(request.url);
      reply.code(page.statusCode);
      for (const name of ['content-type', 'location', 'content-security-policy', 'etag'])
        if (page.headers[name] !== undefined) reply.header(name, page.headers[name]);
      return reply.send(page.rawPayload);
    });
}

async function openPages(document: object): Promise<FastifyInstance> {
  const { default: swaggerUi } = await import('@fastify/swagger-ui');
  const pages = Fastify();
  await pages.register(swagger, { mode: 'static', specification: { document: document as never } });
  await pages.register(swaggerUi, { routePrefix: '/docs' });
  await pages.ready();
  return pages;
}
