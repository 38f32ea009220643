/** An OpenID provider: RS256 tokens, its keys, discovery, and a sign-in that needs no person. */
import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';
import type { Books } from './books.ts';
import type { Decision } from './decide.ts';
import { finish } from './finish.ts';
import type { Codes } from './oauth-codes.ts';
import type { PublicOptions } from './public.ts';
import { readRequest } from './request.ts';
import type { OauthSpec } from './spec.ts';

type OidcSpec = NonNullable<OauthSpec['oidc']>;

interface TokenOf {
  readonly clientId: string;
  readonly sub: string;
  readonly now: Date;
  readonly expiresAt: Date;
}

export interface Signer {
  readonly keys: { readonly keys: readonly JWK[] };
  accessToken(spec: OauthSpec, of: TokenOf): Promise<string>;
  idToken(spec: OauthSpec, of: TokenOf & { readonly nonce: string | null }): Promise<string>;
}

/** With the key of the journal, so that tokens are good after a restart too. */
export async function openSigner(books: Books): Promise<Signer> {
  if (books.key === null) {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    books.keepKey({ ...(await exportJWK(privateKey)), kid: randomUUID(), alg: 'RS256', use: 'sig' });
  }
  const jwk = books.key as JWK;
  const key = await importJWK(jwk, 'RS256');
  const { kty, n, e, kid, alg, use } = jwk;
  const sign = (oidc: OidcSpec | undefined, audience: string, of: TokenOf, claims: Record<string, unknown>) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', ...(kid !== undefined && { kid }) })
      .setIssuer(oidc?.issuer ?? '')
      .setAudience(audience)
      .setSubject(of.sub)
      .setIssuedAt(of.now)
      .setExpirationTime(of.expiresAt)
      .setJti(randomUUID())
      .sign(key);
  const claimsOf = (oidc: OidcSpec | undefined, sub: string) =>
    oidc?.users.find((user) => user.sub === sub)?.claims ?? {};
  return {
    keys: { keys: [{ kty, n, e, kid, alg, use } as JWK] },
    accessToken: ({ oidc }, of) =>
      sign(oidc, oidc?.audience ?? '', of, { client_id: of.clientId, ...claimsOf(oidc, of.sub) }),
    idToken: ({ oidc }, of) =>
      sign(oidc, of.clientId, of, {
        ...claimsOf(oidc, of.sub),
        ...(of.nonce !== null && { nonce: of.nonce }),
      }),
  };
}

export function addOidc(
  app: FastifyInstance,
  spec: OauthSpec,
  oidc: OidcSpec,
  signer: Signer,
  codes: Codes,
  options: PublicOptions,
): void {
  const issuer = oidc.issuer ?? '';
  const answerTo = (request: FastifyRequest, reply: FastifyReply, answer: Answered, actor?: string) => {
    const received = readRequest(request);
    const route = `${request.method} ${received.entry.path}`;
    const entry = { ...received.entry, route, ...(actor !== undefined && { actor }) };
    return finish(request, reply, options, received, entry, { afterMs: 0, ...answer });
  };

  app.get('/.well-known/openid-configuration', async () => ({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/oauth/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
    jwks_uri: `${issuer}/jwks.json`,
    response_types_supported: ['code'],
    grant_types_supported: ['authorization_code', 'client_credentials'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
    scopes_supported: ['openid', 'profile', 'email'],
  }));
  app.get('/jwks.json', async () => signer.keys);

  app.get('/userinfo', async (request, reply) => {
    const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const sub = options.books.actorOf(token, new Date());
    const user = oidc.users.find((one) => one.sub === sub);
    if (user === undefined) return answerTo(request, reply, unauthorized);
    const json = { sub: user.sub, ...user.claims };
    return answerTo(
      request,
      reply,
      { outcome: 'answered', answer: { status: 200, headers: {}, json } },
      user.name,
    );
  });

  app.get('/authorize', async (request, reply) => {
    const asked = readRequest(request).asked.query;
    const client = spec.clients.find(({ id }) => id === asked.client_id);
    const redirectUri = asked.redirect_uri ?? '';
    // Never redirected to where the client did not say: that is how codes are stolen.
    if (client === undefined || !client.redirectUris.includes(redirectUri))
      return answerTo(
        request,
        reply,
        refused(400, client === undefined ? 'invalid_client' : 'invalid_redirect_uri'),
      );
    const back = (fields: Record<string, string>) => {
      const to = new URL(redirectUri);
      for (const [name, value] of Object.entries({ ...fields, state: asked.state })) {
        if (value !== undefined) to.searchParams.set(name, value);
      }
      return { status: 302, headers: { location: to.href }, json: null };
    };
    const user =
      asked.login_hint === undefined
        ? oidc.users[0]
        : oidc.users.find(({ name }) => name === asked.login_hint);
    const wrong =
      asked.response_type !== 'code'
        ? 'unsupported_response_type'
        : asked.code_challenge_method !== 'S256' || (asked.code_challenge ?? '') === ''
          ? 'invalid_request'
          : user === undefined
            ? 'access_denied'
            : null;
    if (wrong !== null || user === undefined)
      return answerTo(request, reply, {
        outcome: 'refused',
        answer: back({ error: wrong ?? 'access_denied' }),
      });
    const code = codes.give(
      {
        clientId: client.id,
        redirectUri,
        sub: user.sub,
        challenge: asked.code_challenge ?? '',
        nonce: asked.nonce ?? null,
        scope: asked.scope ?? 'openid',
      },
      new Date(),
    );
    return answerTo(request, reply, { outcome: 'answered', answer: back({ code }) }, user.name);
  });
}

type Answered = Pick<Decision, 'outcome' | 'answer'>;

const unauthorized: Answered = {
  outcome: 'unauthorized',
  answer: {
    status: 401,
    headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
    json: { error: 'invalid_token' },
  },
};

function refused(status: number, error: string): Answered {
  return { outcome: 'refused', answer: { status, headers: {}, json: { error } } };
}
