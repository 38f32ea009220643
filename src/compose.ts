/**
 * Builds the whole of Labwright from its settings: which adapter stands behind which port is decided here and nowhere
 * else. Used by `serve`, by `try` and by tests.
 */
import { randomBytes } from 'node:crypto';
import { createCloser } from './compose/closer.ts';
import { openControlDatabase } from './compose/control-database.ts';
import { ensureInstallationKey, type SavedTokens } from './compose/data-folder.ts';
import type { Log } from './compose/log.ts';
import { startServers } from './compose/servers.ts';
import { createStopwatch } from './compose/stopwatch.ts';
import { measureStanding, openTelemetry } from './compose/telemetry.ts';
import { type Config, loadTracing } from './config.ts';
import type { Witness } from './grading/grade-attempt.ts';
import { tellOfDrivers } from './telemetry/tell-driver.ts';

export interface RuntimeOptions {
  readonly log: Log;
  /** Told what is being waited for. */
  readonly say: (text: string) => void;
  /** Stops the start. */
  readonly signal: AbortSignal;
  /** One command has it: what costs a cluster something while nobody uses it goes when it is closed. */
  readonly transient?: boolean;
  /** Absent: as the environment says. */
  readonly tracing?: ReturnType<typeof loadTracing>;
}

export type Runtime = Awaited<ReturnType<typeof composeRuntime>>;

/**
 * Starts or adopts the databases, opens the queue and builds the services; nothing listens and nothing works yet.
 * The data folder must be open and locked. Throws LabError `start_failed`, with everything closed again.
 */
export async function composeRuntime(config: Config, options: RuntimeOptions) {
  const { log, say, signal, transient = false, tracing = loadTracing() } = options;
  const stopwatch = createStopwatch();
  const closer = createCloser((name, ms, failure) => {
    if (failure === null) log.debug({ ms }, `closed ${name}`);
    else log.warn({ ms, err: failure }, `${name} could not be closed`);
  });
  try {
    // Modules load while the databases start: both take their time, and on different cores.
    const loading = stopwatch.time('modules', () =>
      Promise.all([
        import('./compose/core.ts'),
        import('./compose/backends.ts'),
        import('./compose/work.ts'),
        import('./queue/bullmq-queue.ts'),
        import('./store/installation.ts'),
        // The clients of some take a second to load, in which nothing else is done.
        import('./compose/backends.ts').then(({ loadBackends }) => loadBackends(config)),
      ]),
    );
    loading.catch(() => {});
    const { registry, telemetry } = await openTelemetry(tracing, log, closer);
    const key = ensureInstallationKey(config.dataDir, config.installationKey);
    const servers = await startServers(config, key, { say, signal, stopwatch, closer });
    say('opening the control database');
    const pool = await stopwatch.time('control database', () =>
      openControlDatabase(
        servers.controlUrl,
        {
          embedded: servers.controlIsEmbedded,
          connections: 8 + config.concurrency,
          key,
          keyIsGiven: config.installationKey !== null,
        },
        log,
        signal,
      ),
    );
    closer.add('the control database', () => pool.end());
    const [{ createCore }, { openBackends }, { startWork }, { createBullmqQueue }, { readInstallation }] =
      await loading;
    const opening = stopwatch.time('queue', () =>
      createBullmqQueue({
        backend:
          config.redisUrl === null
            ? { kind: 'postgres', databaseUrl: servers.controlUrl }
            : { kind: 'redis', url: config.redisUrl },
        concurrency: config.concurrency,
        log,
        telemetry,
      }),
    );
    opening.catch(() => {});
    let queueIsClosed = false;
    closer.add('the queue', async () => {
      if (!queueIsClosed) await (await opening.catch(() => null))?.close(0);
    });
    const { id: installationId } = await readInstallation(pool);
    const { forProcesses } = servers;
    if (forProcesses !== null) say('starting the PostgreSQL of the labs');
    const opened = await openBackends(config, { installationId, key, forProcesses, transient, log });
    const drivers = tellOfDrivers(opened, telemetry);
    for (const driver of drivers.values()) closer.add(`backend ${driver.name}`, () => driver.close());

    const queue = await opening;
    const hurry = new AbortController();
    const parts = { config, log, pool, queue, drivers, key, registry, telemetry };
    const readiness = measureStanding(parts);
    const core = createCore(parts);
    closer.add('the judge', () => core.judge.close());
    let witness: Witness | null = null;
    return {
      ...core,
      drivers,
      queue,
      /** The saved tokens, made at the first start; null when only others know them. */
      async ensureTokens(): Promise<SavedTokens | null> {
        const { ensureTokens } = await import('./compose/tokens.ts');
        const { createTokenStore } = await import('./store/token-store.ts');
        return ensureTokens(createTokenStore(pool), config.dataDir);
      },
      /** Serves the HTTP API; gives its address. Throws LabError `start_failed` when the port is taken. */
      async listen(): Promise<string> {
        const { serveApi } = await import('./compose/api.ts');
        const api = await stopwatch.time('api', () => serveApi(core, parts, randomBytes));
        closer.add('the API', () => api.close());
        return api.url;
      },
      /** Serves metrics and health on METRICS_PORT; null where that is not set. */
      async listenForMetrics(): Promise<string | null> {
        if (config.metricsPort === null) return null;
        const { serveMetrics } = await import('./compose/metrics.ts');
        const where = { host: config.host, port: config.metricsPort };
        const served = await serveMetrics(registry, readiness, where);
        closer.add('metrics', () => served.close());
        return served.url;
      },
      /** Call it before `listen`, so that a stop ends the API first. */
      startWorker(): void {
        const worker = startWork(core, parts, (attempt, judged) => witness?.(attempt, judged));
        const graceMs = config.drainSeconds * 1000;
        const stop = async () => {
          // A worker closes the queue that it serves.
          queueIsClosed = true;
          hurry.signal.addEventListener('abort', () => void worker.stop(0).catch(() => {}), { once: true });
          await worker.stop(hurry.signal.aborted ? 0 : graceMs);
        };
        closer.add('the worker', stop, graceMs + 3_000);
      },
      /** From now on this is told what attempts are judged on, if this process grades them. */
      setWitness(one: Witness): void {
        witness = one;
      },
      /** Milliseconds that each step of the start took. */
      laps: () => stopwatch.laps(),
      /** Closes everything in order; `hurry` cuts the draining short. */
      close(hurryUp: AbortSignal = new AbortController().signal): Promise<void> {
        if (hurryUp.aborted) hurry.abort();
        else hurryUp.addEventListener('abort', () => hurry.abort(), { once: true });
        return closer.close(hurry.signal);
      },
    };
  } catch (error) {
    await closer.close();
    throw error;
  }
}
