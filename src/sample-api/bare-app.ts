import { hostname } from 'node:os';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { BareConfig } from './config.ts';
import { createMetrics, useMetrics } from './shared/metrics.ts';
import { useRelease } from './shared/release.ts';
import { createServer } from './shared/server.ts';

/**
 * What of the platform needs no database, not yet listening: for those who learn to deploy, scale and roll it. `/` and
 * `/version` say which release and which host (a pod's name) answers; health and metrics are as with a database.
 */
export function buildBareApp({ RELEASE: release }: BareConfig, logger: Logger): FastifyInstance {
  const app = createServer(logger);
  useMetrics(app, createMetrics());
  useRelease(app, release);

  const host = hostname();
  app.get('/', async () => ({ service: 'dotmac-api', release, host }));
  app.get('/version', async () => ({ release, host }));
  app.get('/health', async () => {
    const uptime = Math.round(process.uptime() * 1000) / 1000;
    return { status: 'ok', version: release, uptime, database: 'none' };
  });
  app.get('/health/live', async () => ({ status: 'ok' }));
  app.get('/health/ready', async () => ({ status: 'ready', database: 'none' }));
  return app;
}
