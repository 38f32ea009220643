/**
 * `/docs`: the OpenAPI document to browse and try. The page's files come from swagger-ui's own package and are read
 * when first asked for: its Fastify plugin costs a third of this app's start, and nobody looks at docs then.
 */
import { readFile } from 'node:fs/promises';
import { LabError } from '../lab/errors.ts';
import { html, textOf } from '../web/html.ts';
import type { Api } from './api.ts';

const types = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'index.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
} as const;

type Asset = keyof typeof types;

/** The page's own scripts and styles only. swagger-ui styles elements in place and puts icons inline. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const page = textOf(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API · Labwright</title>
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="stylesheet" href="/docs/index.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`);

/** A token that is typed in stays in the page's memory: it is gone when the page is. */
const start = `window.ui = SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null,
});
`;

export function docsRoutes(api: Api, openApi: () => Promise<string>): void {
  const schema = { hide: true };
  api.get('/openapi.json', { schema }, async (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(await openApi()),
  );
  api.get('/docs', { schema }, async (_request, reply) =>
    reply.header('content-security-policy', policy).type('text/html; charset=utf-8').send(page),
  );
  api.get('/docs/start.js', { schema }, async (_request, reply) =>
    reply.type(types['swagger-ui-bundle.js']).send(start),
  );
  api.get<{ Params: { file: string } }>('/docs/:file', { schema }, async (request, reply) => {
    const { file } = request.params;
    if (!isAsset(file)) throw new LabError('not_found', 'The API is documented at /docs.');
    const bytes = await readFile(new URL(import.meta.resolve(`@fastify/swagger-ui/static/${file}`)));
    return reply.header('cache-control', 'public, max-age=3600').type(types[file]).send(bytes);
  });
}

function isAsset(file: string): file is Asset {
  return Object.hasOwn(types, file);
}
