import type { FastifyInstance } from 'fastify';

/** Every answer says which release gave it: where two are rolled, a caller sees by which one it was served. */
export function useRelease(app: FastifyInstance, release: string): void {
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('x-release', release);
  });
}
