/** Tokens for the grader's own requests: the trainee's rights, marked as ours, so that they are no evidence. */
import { SignJWT } from 'jose';
import type { ComponentAccess } from '../lab/ports.ts';

/** A token of the trainee's account with `act: { sub: grader }`, good for a minute. */
export async function graderToken(api: ComponentAccess & { kind: 'sample-api' }): Promise<string> {
  const { account, jwtSecret } = api;
  const claims = {
    email: account.email,
    tenant_id: account.tenantId,
    permissions: account.permissions,
    act: { sub: 'grader' },
  };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(account.id)
    .setIssuedAt()
    .setExpirationTime('60s')
    .sign(new TextEncoder().encode(jwtSecret));
}
