import type { FastifyInstance } from 'fastify';
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import { routeOf } from './access-log.ts';

export interface Metrics {
  registry: Registry;
  queries: Counter;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const queries = new Counter({
    name: 'db_queries_total',
    help: 'Statements sent to the database by requests',
    registers: [registry],
  });
  return { registry, queries };
}

/** Counts and times every answer by method, route and status, and serves /metrics. */
export function useMetrics(app: FastifyInstance, { registry }: Metrics): void {
  const labelNames = ['method', 'route', 'status'];
  const requests = new Counter({
    name: 'http_requests_total',
    help: 'Answers by route and status',
    labelNames,
    registers: [registry],
  });
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time to answer',
    labelNames,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  });
  app.addHook('onResponse', async (request, reply) => {
    // An address that nobody serves is not a label: anyone could make as many as they like.
    const labels = {
      method: request.method,
      route: routeOf(request.routeOptions.url) ?? 'none',
      status: String(reply.statusCode),
    };
    requests.inc(labels);
    durations.observe(labels, reply.elapsedTime / 1000);
  });
  app.get('/metrics', { schema: { hide: true } }, async (_request, reply) => {
    reply.type(registry.contentType);
    return registry.metrics();
  });
}
