import { errors, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import type { Caller } from './caller.ts';
import { unauthorized } from './errors.ts';

const lifetimeSeconds = 24 * 60 * 60;

const claims = z.object({
  sub: z.uuid(),
  tenant_id: z.uuid(),
  permissions: z.array(z.string()),
  exp: z.number(),
  act: z.object({ sub: z.string().min(1).max(200) }).optional(),
});

export interface Tokens {
  issue(user: {
    id: string;
    tenantId: string;
    permissions: readonly string[];
  }): Promise<{ token: string; expiresIn: number }>;
  /** Who the token belongs to. Throws 401 with the reason. */
  verify(token: string): Promise<Omit<Caller, 'email'>>;
}

/** HS256 with `sub, tenant_id, permissions, exp`, and `act` where somebody acts for the user (RFC 8693). */
export function openTokens(secret: string): Tokens {
  const key = new TextEncoder().encode(secret);
  return {
    async issue(user) {
      const token = await new SignJWT({ tenant_id: user.tenantId, permissions: user.permissions })
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setSubject(user.id)
        .setExpirationTime(`${lifetimeSeconds}s`)
        .sign(key);
      return { token, expiresIn: lifetimeSeconds };
    },
    async verify(token) {
      const { payload } = await jwtVerify(token, key, { algorithms: ['HS256'] }).catch((error: unknown) => {
        throw unauthorized(reason(error));
      });
      const parsed = claims.safeParse(payload);
      if (!parsed.success)
        throw unauthorized(`The token lacks a proper claim: ${parsed.error.issues[0]?.path.join('.')}.`);
      const { sub, tenant_id, permissions, exp, act } = parsed.data;
      return {
        userId: sub,
        tenantId: tenant_id,
        permissions,
        act: act?.sub,
        expiresAt: new Date(exp * 1000),
      };
    },
  };
}

function reason(error: unknown): string {
  if (error instanceof errors.JWTExpired)
    return `The token expired at ${new Date(Number(error.payload.exp) * 1000).toISOString()}. Sign in again.`;
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'The signature of the token is wrong.';
  if (error instanceof errors.JOSEAlgNotAllowed) return 'The token must be signed with HS256.';
  return 'This is not a valid token.';
}
