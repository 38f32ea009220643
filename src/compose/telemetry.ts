/** What hears of the work of this process: its figures always, a tracer where the environment asks for one. */
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { type loadTracing, productVersion } from '../config.ts';
import { measureParts } from '../http/metrics.ts';
import { createReadiness, type Readiness } from '../http/readiness.ts';
import { type Telemetry, untold } from '../lab/telemetry.ts';
import { createFigures } from '../telemetry/figures.ts';
import { createTelemetry } from '../telemetry/telemetry.ts';
import type { Closer } from './closer.ts';
import type { CoreParts } from './core.ts';
import type { Log } from './log.ts';
import { probesOf } from './probes.ts';

/** What was not sent by then was for a collector that does not answer. */
const sendWithinMs = 5_000;

export async function openTelemetry(
  tracing: ReturnType<typeof loadTracing>,
  log: Log,
  closer: Closer,
): Promise<{ readonly registry: Registry; readonly telemetry: Telemetry }> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const build = {
    name: 'labwright_build_info',
    help: 'Version of Labwright; always 1',
    registers: [registry],
  };
  new Gauge({ ...build, labelNames: ['version'] }).set({ version: productVersion() }, 1);
  const figures = createFigures(registry);
  if (tracing === null) return { registry, telemetry: createTelemetry(figures, untold) };
  const { openTracer } = await import('../telemetry/tracer.ts');
  const tracer = openTracer({ ...tracing, version: productVersion() }, log);
  closer.add('traces', () => tracer.close(), sendWithinMs);
  return { registry, telemetry: createTelemetry(figures, tracer) };
}

/** Which parts this process can reach, as a figure and for whoever asks whether it is ready. */
export function measureStanding(parts: CoreParts): () => Promise<Readiness> {
  const readiness = createReadiness(
    probesOf(parts),
    () => new Date(),
    (part, err) => parts.log.warn({ err, part }, 'A part does not answer'),
  );
  measureParts(parts.registry, readiness);
  return readiness;
}
