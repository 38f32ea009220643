import type { FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { addModules } from './modules/all.ts';
import { useAccessLog } from './shared/access-log.ts';
import { useAuthentication } from './shared/authentication.ts';
import { openDatabase } from './shared/database.ts';
import { useExceptionHandler } from './shared/exception-handler.ts';
import { addHealth } from './shared/health.ts';
import { createMetrics, useMetrics } from './shared/metrics.ts';
import { createPerformanceMonitor } from './shared/monitoring.ts';
import { useOpenApi } from './shared/openapi.ts';
import { useRelease } from './shared/release.ts';
import { createServer } from './shared/server.ts';
import { openTokens } from './shared/tokens.ts';

/** The whole platform, not yet listening. Closing it writes out the access log and ends its connections. */
export async function buildApp(config: Config, logger: Logger): Promise<FastifyInstance> {
  const metrics = createMetrics();
  const db = openDatabase({
    url: config.DATABASE_URL,
    poolSize: config.POOL_SIZE,
    onBroken: (error) => logger.warn({ err: error }, 'a database connection broke'),
    onQuery: () => metrics.queries.inc(),
  });
  const app = createServer(logger);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.decorateRequest('caller', null);
  app.decorateRequest('signInAs', null);
  acceptEmptyJson(app);
  useExceptionHandler(app);
  // Hooks on close run last in, first out: the access log is written before the connections end.
  app.addHook('onClose', () => db.close());
  useAccessLog(app, db.unobserved, (error) =>
    logger.warn({ err: error }, 'the access log waits for the database'),
  );
  useMetrics(app, metrics);
  useRelease(app, config.RELEASE);
  await useOpenApi(app, config.RELEASE);
  addHealth(app, db, config.RELEASE);
  await app.register(
    async (api) => {
      const tokens = openTokens(config.JWT_SECRET);
      useAuthentication(api, tokens, config.BOOTSTRAP_USER);
      addModules(api, {
        db,
        tokens,
        variant: config.VARIANT,
        bootstrap: config.BOOTSTRAP_USER,
        performanceMonitor: createPerformanceMonitor(metrics.registry),
      });
    },
    { prefix: '/api/v1' },
  );
  return app;
}

/** Many clients announce JSON on requests that have no body, such as POST …/pay. */
function acceptEmptyJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) done(null, undefined);
    else parse(request, body.toString(), done);
  });
}
