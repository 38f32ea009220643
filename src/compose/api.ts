import { productVersion } from '../config.ts';
import { buildApp } from '../http/app.ts';
import { createKubeconfigs } from '../lab/kubeconfigs.ts';
import { realClock } from '../lab/real-clock.ts';
import { createAuditLog } from '../store/audit-log.ts';
import { createPageCodes } from '../store/page-codes.ts';
import { createTokenStore } from '../store/token-store.ts';
import { nearest } from '../templates/suggest.ts';
import { createWays } from '../terminal/ways.ts';
import { warnOfBrokenPrograms } from './broken-programs.ts';
import type { Core, CoreParts } from './core.ts';
import { createMetricFacts } from './metric-facts.ts';
import { servePages } from './pages.ts';
import { listenError } from './port.ts';
import { probesOf } from './probes.ts';

export interface RunningApi {
  /** As a client on this machine would call it. */
  readonly url: string;
  close(): Promise<void>;
}

/** Builds the app and listens. Throws LabError `start_failed` that names PORT or HOST. */
export async function serveApi(
  core: Core,
  parts: CoreParts,
  randomBytes: (size: number) => Uint8Array,
): Promise<RunningApi> {
  const { config, log, pool, queue, drivers, registry, telemetry } = parts;
  const pages = await servePages(core, parts);
  const app = await buildApp({
    labs: core.labs,
    attempts: core.attempts,
    people: core.people,
    regrades: core.regrades,
    explain: core.explain,
    programs: core.programs,
    operations: core.operations,
    snapshots: core.snapshots,
    exports: core.exports,
    releases: core.releases,
    classes: core.classes,
    templates: core.templates,
    events: core.store,
    tokens: createTokenStore(pool),
    audit: createAuditLog(pool),
    queue,
    backends: [...drivers.values()].map(({ name, capabilities }) => ({
      name,
      isolation: capabilities.isolation,
    })),
    probes: probesOf(parts),
    facts: createMetricFacts(pool),
    registry,
    telemetry,
    clock: realClock,
    now: () => new Date(),
    randomBytes,
    nearest,
    log,
    version: productVersion(),
    pages: pages.opener,
    kubeconfigs: createKubeconfigs(core.labs, drivers),
    sockets: { ways: createWays(core.labs, drivers, nearest), codes: createPageCodes(pool) },
  });
  const close = async () => {
    await Promise.all([app.close(), pages.close()]);
  };
  try {
    await app.listen({ host: config.host, port: config.port });
  } catch (cause) {
    await close();
    throw listenError(config.host, config.port, cause);
  }
  void warnOfBrokenPrograms(core.programs, log);
  const address = app.server.address();
  const port = address !== null && typeof address === 'object' ? address.port : config.port;
  const host = ['0.0.0.0', '::'].includes(config.host) ? '127.0.0.1' : config.host;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    close,
  };
}
