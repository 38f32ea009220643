/** The HTTP API: a function of its dependencies. */
import Fastify, { LogController } from 'fastify';
import { serializerCompiler } from 'fastify-type-provider-zod';
import { notFoundPage } from '../web/not-found.ts';
import { pageRoutes } from '../web/routes.ts';
import { noteActivity } from './activity.ts';
import type { Api } from './api.ts';
import { auditWrites } from './audit.ts';
import { createAuthenticator } from './auth.ts';
import type { AppDeps } from './deps.ts';
import { docsRoutes } from './docs.ts';
import { handleError } from './error-handler.ts';
import { acceptJson } from './json-body.ts';
import { createLabSockets, mayUpgrade } from './lab-sockets.ts';
import { measureRequests } from './metrics.ts';
import { registerNotFound } from './not-found.ts';
import { describeRoutes } from './openapi.ts';
import { pathOf } from './path.ts';
import { createReadiness } from './readiness.ts';
import { accessRoutes } from './routes/access.ts';
import { answerRoutes } from './routes/answers.ts';
import { attemptRoutes } from './routes/attempts.ts';
import { auditRoutes } from './routes/audit.ts';
import { classRoutes } from './routes/classes.ts';
import { eventRoutes } from './routes/events.ts';
import { exportRoutes } from './routes/exports.ts';
import { guideRoutes } from './routes/guide.ts';
import { healthRoutes } from './routes/health.ts';
import { helpRoutes } from './routes/help.ts';
import { hintRoutes } from './routes/hints.ts';
import { judgementRoutes } from './routes/judgements.ts';
import { labRoutes } from './routes/labs.ts';
import { meRoutes } from './routes/me.ts';
import { pauseRoutes } from './routes/pause.ts';
import { programExportRoutes } from './routes/program-export.ts';
import { programRoutes } from './routes/programs.ts';
import { progressRoutes } from './routes/progress.ts';
import { proxyRoutes } from './routes/proxy.ts';
import { regradeRoutes } from './routes/regrades.ts';
import { releaseRoutes } from './routes/releases.ts';
import { snapshotRoutes } from './routes/snapshots.ts';
import { steeringRoutes } from './routes/steering.ts';
import { templateRoutes } from './routes/templates.ts';
import { terminalRoute } from './routes/terminal.ts';
import { tokenRoutes } from './routes/tokens.ts';
import { tunnelRoute } from './routes/tunnel.ts';
import { codeRoute } from './routes/way-code.ts';
import { secureHeaders } from './security-headers.ts';
import { traceRequests } from './tracing.ts';
import { validatorCompiler } from './validation.ts';
import { acceptWebSockets } from './web-sockets.ts';

const maxBodyBytes = 262_144;

/**
 * The app, ready to `listen` or `inject`. Nothing is asked of the database before the first request. `close()` ends
 * event streams, waits for requests that are being answered, and leaves the dependencies open.
 */
export async function buildApp(deps: AppDeps): Promise<Api> {
  const app = Fastify({
    loggerInstance: deps.log.child(
      {},
      // A query may hold what should not be in a log; the path is enough to find the route.
      { serializers: { req: (request) => ({ method: request.method, path: pathOf(String(request.url)) }) } },
    ),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: maxBodyBytes,
    // A request has to be whole by then; answers may take longer, streams do.
    requestTimeout: 30_000,
    routerOptions: { maxParamLength: 200 },
    http: { shouldUpgradeCallback: mayUpgrade },
    // Without factories of ours Fastify loads ajv and its own serializer, half of this app's start, to no use.
    schemaController: { compilersFactory: { buildValidator: noFactory, buildSerializer: noFactory } },
    frameworkErrors: (error, request, reply) => handleError(error, request, reply),
  });
  const api: Api = app.withTypeProvider();
  api.setValidatorCompiler(validatorCompiler);
  api.setSerializerCompiler(serializerCompiler);
  api.setErrorHandler(handleError);
  api.decorateRequest('token', null);
  if (deps.telemetry !== undefined) traceRequests(app, deps.telemetry);
  api.addHook('onRequest', secureHeaders);
  acceptJson(api);

  measureRequests(app, deps.registry);
  registerNotFound(app, deps.nearest, notFoundPage);
  const openApi = describeRoutes(app, deps.version);

  const authenticator = createAuthenticator(deps.tokens, deps.now);
  const readiness = createReadiness(deps.probes, deps.now, (part, err) =>
    deps.log.warn({ err, part }, 'A part does not answer'),
  );
  healthRoutes(api, deps, authenticator, readiness);
  pageRoutes(api, deps, readiness);
  docsRoutes(api, openApi);
  const sockets = deps.sockets === undefined ? null : createLabSockets(deps, deps.sockets, authenticator);
  if (sockets !== null) await acceptWebSockets(api, sockets);

  await api.register(
    async (scope: Api) => {
      scope.addHook('onRequest', (request) => authenticator.authenticate(request));
      auditWrites(scope, deps.audit, deps.log);
      noteActivity(scope, deps.labs);
      meRoutes(scope);
      templateRoutes(scope, deps);
      releaseRoutes(scope, deps);
      classRoutes(scope, deps);
      labRoutes(scope, deps);
      accessRoutes(scope, deps);
      proxyRoutes(scope, deps);
      guideRoutes(scope, deps);
      eventRoutes(scope, deps, authenticator);
      attemptRoutes(scope, deps);
      answerRoutes(scope, deps);
      hintRoutes(scope, deps);
      progressRoutes(scope, deps);
      steeringRoutes(scope, deps);
      pauseRoutes(scope, deps);
      snapshotRoutes(scope, deps);
      exportRoutes(scope, deps);
      judgementRoutes(scope, deps);
      helpRoutes(scope, deps);
      programRoutes(scope, deps);
      programExportRoutes(scope, deps);
      tokenRoutes(scope, deps, authenticator);
      regradeRoutes(scope, deps);
      auditRoutes(scope, deps);
      if (sockets === null) return;
      codeRoute(scope, sockets, 'terminal');
      codeRoute(scope, sockets, 'tunnel');
    },
    { prefix: '/api/v1' },
  );
  if (sockets !== null) {
    await api.register(
      async (scope: Api) => {
        auditWrites(scope, deps.audit, deps.log);
        terminalRoute(scope, sockets);
        tunnelRoute(scope, sockets);
      },
      { prefix: '/api/v1' },
    );
  }
  await api.ready();
  return api;
}

/** Never called: the compilers themselves are set. */
function noFactory(): never {
  throw new Error('schemas are zod and compiled by this app');
}
