/** The OpenAPI 3.1 document, made from the routes' own zod schemas, and a page to browse it. */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import type { Api } from './api.ts';

const description = `Hands-on labs on demand: each trainee gets an isolated lab made from a template, works in it, and is
graded by its end state.

Send \`Authorization: Bearer <token>\` with every request below \`/api\`. Errors are problem details (RFC 9457):
branch on \`code\`. Lists have pages: pass \`nextCursor\` on as \`cursor\`. A 429 or 503 says in \`Retry-After\` when
to try again.`;

/** Call before routes are added: it notes them as they come. The document is made when first asked for. */
export async function registerOpenApi(api: Api, version: string): Promise<void> {
  await api.register(swagger, {
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
}

/** Serves the document at `/openapi.json` and the page at `/docs`. */
export async function serveDocs(api: Api): Promise<void> {
  api.get('/openapi.json', { schema: { hide: true } }, async () => api.swagger());
  await api.register(swaggerUi, {
    routePrefix: '/docs',
    // The page's own scripts and styles only; swagger-ui puts images and styles inline.
    staticCSP: {
      'default-src': "'none'",
      'script-src': "'self'",
      'style-src': "'self' 'unsafe-inline'",
      'img-src': "'self' data:",
      'connect-src': "'self'",
      'frame-ancestors': "'none'",
    },
    theme: { title: 'Labwright API' },
    uiConfig: { docExpansion: 'list', tryItOutEnabled: true, persistAuthorization: false },
  });
}
