import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { BootstrapUser } from '../config.ts';
import { type Caller, mayCaller } from './caller.ts';
import { forbidden, unauthorized } from './errors.ts';
import type { Tokens } from './tokens.ts';

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | null;
    /** E-mail that somebody tried to sign in with, for the access log. */
    signInAs: string | null;
  }
  interface FastifyContextConfig {
    /** What the caller's token must allow. */
    permission?: string;
    /** No token needed. Everything else under /api needs one. */
    public?: boolean;
  }
}

/** Asks for a token on every route below, and for the permission that the route names. */
export function useAuthentication(
  app: FastifyInstance,
  tokens: Tokens,
  bootstrap: BootstrapUser | undefined,
): void {
  app.addHook('onRequest', async (request) => {
    const { permission, public: isPublic } = request.routeOptions.config;
    if (isPublic === true) return;
    const caller = await tokens.verify(bearerOf(request));
    request.caller = { ...caller, email: caller.userId === bootstrap?.id ? bootstrap.email : undefined };
    if (permission !== undefined && !mayCaller(request.caller, permission)) throw forbidden(permission);
  });
}

function bearerOf(request: FastifyRequest): string {
  const header = request.headers.authorization;
  if (header === undefined)
    throw unauthorized('There is no token: send the header "Authorization: Bearer <token>".');
  const [, token] = /^Bearer +(\S+)$/i.exec(header) ?? [];
  if (token === undefined) throw unauthorized('The Authorization header must read "Bearer <token>".');
  return token;
}
