/** The 404 that a browser gets. */
import type { FastifyReply } from 'fastify';
import { html } from './html.ts';
import { layout, sendPage } from './layout.ts';

export function notFoundPage(reply: FastifyReply, path: string): void {
  const body = html`
<h1>Nothing here</h1>
<p class="lead">There is no page at <code>${path}</code>.</p>
<p><a href="/">Start</a> · <a href="/catalogue">Catalogue</a> · <a href="/docs">API</a></p>`;
  sendPage(reply, 404, layout('Not found · Labwright', body));
}
