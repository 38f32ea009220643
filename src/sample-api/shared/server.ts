import Fastify, { type FastifyInstance, LogController } from 'fastify';
import type { Logger } from 'pino';

/** Not yet listening, and without routes. */
export function createServer(logger: Logger): FastifyInstance {
  return Fastify({
    loggerInstance: logger as never,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: true },
  }) as unknown as FastifyInstance;
}
