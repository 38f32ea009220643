/** Tokens for the grader's own requests: the trainee's rights, marked as ours, so that they are no evidence. */
import { SignJWT, UnsecuredJWT } from 'jose';
import type { ComponentAccess } from '../lab/ports.ts';
import type { Json } from '../templates/types.ts';

type ApiAccess = ComponentAccess & { kind: 'sample-api' };

/** Somebody else's token, or a forged one: what differs from the trainee's own. */
export interface MintedClaims {
  readonly claims: Readonly<Record<string, Json>>;
  /** Milliseconds from now; below 0: it has expired. */
  readonly expiresIn: number;
  readonly alg: 'HS256' | 'none';
  /** Another key than the lab's. */
  readonly secret: string | null;
}

/** A token of the trainee's account with `act: { sub: grader }`, good for a minute. */
export function graderToken(api: ApiAccess): Promise<string> {
  return mintToken(api, { claims: {}, expiresIn: 60_000, alg: 'HS256', secret: null });
}

/** The grader's token with other claims; it always says that it is the grader's. */
export async function mintToken(api: ApiAccess, minted: MintedClaims): Promise<string> {
  const { account, jwtSecret } = api;
  const claims = {
    sub: account.id,
    email: account.email,
    tenant_id: account.tenantId,
    permissions: account.permissions,
    ...minted.claims,
    act: { sub: 'grader' },
  };
  const ends = Math.floor((Date.now() + minted.expiresIn) / 1000);
  // A token that has expired was issued before it did.
  const issued = Math.floor(Math.min(Date.now(), Date.now() + minted.expiresIn - 1_000) / 1000);
  if (minted.alg === 'none')
    return new UnsecuredJWT(claims).setIssuedAt(issued).setExpirationTime(ends).encode();
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuedAt(issued)
    .setExpirationTime(ends)
    .sign(new TextEncoder().encode(minted.secret ?? jwtSecret));
}
