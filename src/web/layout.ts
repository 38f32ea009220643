/** What every page shares. */
import type { FastifyReply } from 'fastify';
import { type Html, html, textOf, trusted } from './html.ts';
import { pagePolicy, style } from './style.ts';

export function layout(title: string, body: Html): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${trusted(style)}</style>
</head>
<body>
<header><strong>Labwright</strong><a href="/">Start</a><a href="/catalogue">Catalogue</a><a href="/docs">API</a></header>
<main>${body}</main>
<footer>Labwright makes each trainee a lab of their own and grades what is left in it.</footer>
</body>
</html>
`;
}

export function sendPage(reply: FastifyReply, status: number, page: Html): void {
  reply
    .code(status)
    .header('content-security-policy', pagePolicy)
    .type('text/html; charset=utf-8')
    .send(textOf(page));
}
