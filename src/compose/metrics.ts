/** Serves metrics and health on a port of their own. */
import type { Registry } from 'prom-client';
import { createMetricsServer } from '../http/metrics-server.ts';
import type { Readiness } from '../http/readiness.ts';
import { LabError } from '../lab/errors.ts';

/** Listens. Throws LabError `start_failed` that names METRICS_PORT when it cannot. */
export async function serveMetrics(
  registry: Registry,
  readiness: () => Promise<Readiness>,
  where: { readonly host: string; readonly port: number },
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const { host, port } = where;
  try {
    return await createMetricsServer(registry, readiness).listen(host, port);
  } catch (cause) {
    const text = `METRICS_PORT: metrics cannot be served on ${host}:${port}. Give another with --metrics-port.`;
    throw new LabError('start_failed', text, { cause });
  }
}
