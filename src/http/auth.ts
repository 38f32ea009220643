/**
 * Who calls. Bearer tokens are looked up by their sha256, so the time that a look-up takes tells nothing about a
 * token, and neither the database nor a log ever holds one.
 */
import type { FastifyRequest } from 'fastify';
import { LabError } from '../lab/errors.ts';
import type { Caller } from '../lab/lab-service.ts';
import type { FoundToken, TokenStore } from '../lab/tokens.ts';
import { hashToken, tokenShape } from './token.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Null until the token has been checked, and on public routes. */
    token: FoundToken | null;
  }
}

/** How long a token that has expired or was revoked elsewhere may go on working where it was just used. */
const cacheMs = 3_000;
const cacheEntries = 10_000;

/** Query fields in which people are tempted to put a token. */
const tokenFields = new Set(['token', 'access_token', 'api_key', 'apikey', 'auth', 'authorization', 'key']);

export interface Authenticator {
  /** Throws `unauthenticated` (missing, invalid, revoked), `token_expired`, `bad_request` for a token in the URL. */
  authenticate(request: FastifyRequest): Promise<void>;
  /** Forgets what is remembered, so that a revocation here counts at once. */
  forget(): void;
}

export function createAuthenticator(
  lookup: Pick<TokenStore, 'findByHash' | 'touch'>,
  now: () => Date,
): Authenticator {
  const cache = new Map<string, { readonly token: FoundToken; readonly until: number }>();

  async function find(plain: string): Promise<FoundToken | null> {
    const hash = hashToken(plain);
    const key = Buffer.from(hash).toString('base64');
    const known = cache.get(key);
    const time = now().getTime();
    if (known !== undefined && known.until > time) return known.token;
    const token = await lookup.findByHash(hash);
    // Unknown tokens are not remembered: a flood of them would only push out those that are used.
    if (token !== null) {
      if (cache.size >= cacheEntries) cache.clear();
      cache.set(key, { token, until: time + cacheMs });
      // For people who look through the list; no request fails or waits for it.
      if (token.state === 'valid') lookup.touch(token.id).catch(() => undefined);
    }
    return token;
  }

  return {
    async authenticate(request) {
      refuseTokenInUrl(request);
      const token = await find(bearerOf(request));
      if (token === null) throw refused('invalid', 'This token is not known here.');
      if (token.state === 'revoked') throw refused('revoked', 'This token has been revoked.');
      if (token.state === 'expired') {
        throw new LabError('token_expired', `This token expired at ${token.expiresAt?.toISOString()}.`, {
          extra: { reason: 'expired' },
        });
      }
      request.token = token;
    },
    forget: () => cache.clear(),
  };
}

/** The caller of an authenticated route. */
export function callerOf(request: FastifyRequest): Caller {
  const { role, subject, class: group } = tokenOf(request);
  return { role, subject, class: group };
}

/** The token of an authenticated route. */
export function tokenOf(request: FastifyRequest): FoundToken {
  if (request.token === null) throw new LabError('unauthenticated', 'This route needs a token.');
  return request.token;
}

/** URLs end up in histories, logs and Referer headers. Throws `bad_request`. */
export function refuseTokenInUrl(request: FastifyRequest): void {
  const fields = Object.keys(request.query as object).map((name) => name.toLowerCase());
  if (fields.some((name) => tokenFields.has(name)) || tokenShape.test(request.url)) {
    throw new LabError(
      'bad_request',
      'A token must not be in the URL: send it as "Authorization: Bearer …", and revoke the one that was in it.',
    );
  }
}

function bearerOf(request: FastifyRequest): string {
  const header = request.headers.authorization;
  if (header === undefined) {
    throw refused('missing', 'This needs a token: send "Authorization: Bearer <token>".');
  }
  const match = /^bearer +([\x21-\x7e]{1,500})$/i.exec(header);
  if (match?.[1] === undefined) {
    throw refused('invalid', 'The Authorization header must read "Bearer <token>".');
  }
  return match[1];
}

function refused(reason: 'missing' | 'invalid' | 'revoked', message: string): LabError {
  return new LabError('unauthenticated', message, { extra: { reason } });
}
