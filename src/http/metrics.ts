/** What Prometheus reads. Figures of the database are read when asked for; requests are counted as they pass. */
import type { FastifyInstance } from 'fastify';
import { Gauge, Histogram, type Registry } from 'prom-client';
import type { AppDeps } from './deps.ts';

/** Call before routes are added. */
export function measureRequests(app: FastifyInstance, registry: Registry): void {
  const seconds = new Histogram({
    name: 'labwright_http_request_duration_seconds',
    help: 'Time to answer, by route pattern; event streams are left out',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [registry],
  });
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown';
    if (route.endsWith('/events')) return;
    const labels = { method: request.method, route, status: String(reply.statusCode) };
    seconds.observe(labels, reply.elapsedTime / 1000);
  });
}

type Facts = Awaited<ReturnType<AppDeps['facts']['read']>>;
type Depth = Awaited<ReturnType<AppDeps['queue']['depth']>>;

/** Sets the gauges of what the database and the queue know; a part that is down leaves its gauges out. */
export function createGauges(deps: Pick<AppDeps, 'registry' | 'facts' | 'queue'>): () => Promise<void> {
  const registers = [deps.registry];
  const labs = new Gauge({ name: 'labwright_labs', help: 'Labs by phase', labelNames: ['phase'], registers });
  const checks = new Gauge({
    name: 'labwright_check_results',
    help: 'Recorded check results by verdict',
    labelNames: ['verdict'],
    registers,
  });
  const ready = new Gauge({
    name: 'labwright_seconds_to_ready',
    help: 'Seconds from request to ready, labs of the last hour',
    labelNames: ['quantile'],
    registers,
  });
  const queue = new Gauge({
    name: 'labwright_queue_rings',
    help: 'Rings of the queue by state',
    labelNames: ['state'],
    registers,
  });

  function setFacts({ labsByPhase, checksByVerdict, secondsToReady }: Facts): void {
    for (const [phase, count] of Object.entries(labsByPhase)) labs.set({ phase }, count);
    for (const [verdict, count] of Object.entries(checksByVerdict)) checks.set({ verdict }, count);
    if (secondsToReady === null) return;
    ready.set({ quantile: '0.5' }, secondsToReady.p50);
    ready.set({ quantile: '0.95' }, secondsToReady.p95);
  }

  function setDepth({ waiting, active }: Depth): void {
    queue.set({ state: 'waiting' }, waiting);
    queue.set({ state: 'active' }, active);
  }

  return async () => {
    for (const gauge of [labs, checks, ready, queue]) gauge.reset();
    const [facts, depth] = await Promise.allSettled([deps.facts.read(), deps.queue.depth()]);
    if (facts.status === 'fulfilled') setFacts(facts.value);
    if (depth.status === 'fulfilled') setDepth(depth.value);
  };
}
