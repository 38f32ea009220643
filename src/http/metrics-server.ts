/**
 * Metrics and health on a port of their own, without a token: for a worker, which has no API, and for machines that
 * watch from elsewhere. Whoever opens it says with their network who may reach it.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import type { Readiness } from './readiness.ts';

export interface MetricsServer {
  /** Rejects when it cannot listen. */
  listen(host: string, port: number): Promise<{ readonly url: string; close(): Promise<void> }>;
}

export function createMetricsServer(registry: Registry, readiness: () => Promise<Readiness>): MetricsServer {
  const pages: Readonly<Record<string, (response: ServerResponse) => Promise<void>>> = {
    '/healthz': async (response) => sendJson(response, 200, { status: 'ok' }),
    '/readyz': async (response) => {
      const { ready, parts } = await readiness();
      sendJson(response, ready ? 200 : 503, { ready, parts });
    },
    '/metrics': async (response) => {
      const text = await registry.metrics();
      response.writeHead(200, { 'content-type': registry.contentType }).end(text);
    },
  };
  const server = createServer({ requestTimeout: 10_000 }, (request, response) => {
    const page = pages[new URL(request.url ?? '/', 'http://localhost').pathname];
    if (page === undefined) return sendJson(response, 404, { pages: Object.keys(pages) });
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return sendJson(response, 405, { allowed: ['GET'] });
    page(response).catch(() => sendJson(response, 500, { status: 'error' }));
  });
  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host, port }, () => {
          server.off('error', reject);
          const shown = ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host;
          const url = `http://${shown.includes(':') ? `[${shown}]` : shown}:${(server.address() as AddressInfo).port}`;
          resolve({ url, close });
        });
      }),
  };

  async function close(): Promise<void> {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
