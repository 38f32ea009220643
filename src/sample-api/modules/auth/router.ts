import type { FastifyInstance } from 'fastify';
import { problem } from '../../shared/fields.ts';
import type { Platform } from '../../shared/platform.ts';
import { callerOf } from '../../shared/router-factory.ts';
import { emailOf } from './repository.ts';
import { issued, type Login, login, me } from './schemas.ts';
import { signIn } from './service.ts';

export function addAuth(app: FastifyInstance, { db, tokens, bootstrap }: Platform): void {
  app.post(
    '/auth/login',
    {
      config: { public: true },
      schema: {
        tags: ['auth'],
        summary: 'Get a token',
        body: login,
        response: { 200: issued, '4xx': problem },
      },
    },
    async (request) => {
      const credentials = request.body as Login;
      request.signInAs = credentials.email.replaceAll('\0', '');
      const user = await signIn({ db, bootstrap }, credentials);
      const { token, expiresIn } = await tokens.issue(user);
      request.caller = {
        userId: user.id,
        tenantId: user.tenantId,
        permissions: user.permissions,
        email: credentials.email,
        act: undefined,
        expiresAt: new Date(),
      };
      return { access_token: token, token_type: 'Bearer' as const, expires_in: expiresIn };
    },
  );
  app.get(
    '/auth/me',
    {
      schema: {
        tags: ['auth'],
        summary: 'Who the token belongs to',
        security: [{ bearer: [] }],
        response: { 200: me, '4xx': problem },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      return {
        id: caller.userId,
        email: caller.email ?? (await emailOf(db, caller.userId)),
        tenant_id: caller.tenantId,
        permissions: [...caller.permissions],
        act: caller.act ?? null,
        expires_at: caller.expiresAt.toISOString(),
      };
    },
  );
}
