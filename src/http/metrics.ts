/** What Prometheus reads. Figures of the database are read when asked for; requests are counted as they pass. */
import type { FastifyInstance } from 'fastify';
import { Gauge, Histogram, type Registry } from 'prom-client';
import type { AppDeps } from './deps.ts';
import type { Readiness } from './readiness.ts';

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

interface Value {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * What the database and the queue know, the same on every replica: alerts take the greatest, not the sum. A part that
 * is down leaves its gauges out.
 */
export function measureFacts({
  registry,
  facts,
  queue,
}: Pick<AppDeps, 'registry' | 'facts' | 'queue'>): void {
  const known = shared(() => facts.read());
  const depth = shared(() => queue.depth());
  const gauge = <T>(
    name: string,
    help: string,
    labelNames: readonly string[],
    read: () => Promise<T | null>,
    values: (read: T) => readonly Value[],
  ) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      async collect() {
        const found = await read();
        this.reset();
        // Without labels a reset makes a 0 of it, which would be a lie.
        if (found === null) {
          if (labelNames.length === 0) this.remove();
          return;
        }
        for (const { labels = {}, value } of values(found)) this.set(labels, value);
      },
    });
  gauge(
    'labwright_labs',
    'Labs by phase, template and backend',
    ['phase', 'template', 'backend'],
    known,
    (one) => one.labs.map(({ count, ...labels }) => ({ labels, value: count })),
  );
  gauge(
    'labwright_lab_phase_age_seconds',
    'Age of the lab that has been longest in a phase that should pass, by phase',
    ['phase'],
    known,
    ({ phaseAges }) => Object.entries(phaseAges).map(([phase, value]) => ({ labels: { phase }, value })),
  );
  gauge(
    'labwright_sweep_overdue_seconds',
    'How long the row is overdue that has waited longest to be looked at',
    [],
    known,
    ({ overdueSeconds }) => [{ value: overdueSeconds }],
  );
  gauge('labwright_queue_rings', 'Rings of the queue by state: waiting, active', ['state'], depth, (one) => [
    { labels: { state: 'waiting' }, value: one.waiting },
    { labels: { state: 'active' }, value: one.active },
  ]);
  gauge(
    'labwright_queue_oldest_ring_age_seconds',
    'How long the oldest ring waits; 0 without one',
    [],
    depth,
    (one) => [{ value: one.oldestSeconds }],
  );
}

/** Which parts this process can reach. */
export function measureParts(registry: Registry, readiness: () => Promise<Readiness>): void {
  new Gauge({
    name: 'labwright_part_up',
    help: 'Whether this process can reach a part that it stands on: database, queue, each backend; 1 or 0',
    labelNames: ['part'],
    registers: [registry],
    async collect() {
      const { parts } = await readiness();
      for (const [part, state] of Object.entries(parts)) this.set({ part }, state === 'up' ? 1 : 0);
    },
  });
}

/** One reading for all gauges that are asked for it at the same time; null when it fails. */
function shared<T>(read: () => Promise<T>): () => Promise<T | null> {
  let running: Promise<T | null> | null = null;
  return () => {
    running ??= read()
      .catch(() => null)
      .finally(() => {
        running = null;
      });
    return running;
  };
}
