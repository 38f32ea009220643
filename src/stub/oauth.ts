/** Tokens: client credentials always, and with `oidc` an authorization code with PKCE for users who always agree. */
import { createHash, randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { type Answer, decide } from './decide.ts';
import { finish } from './finish.ts';
import { createCodes } from './oauth-codes.ts';
import { addOidc, openSigner, type Signer } from './oidc.ts';
import type { PublicOptions } from './public.ts';
import { readRequest } from './request.ts';
import { type OauthSpec, type RouteSpec, routeName } from './spec.ts';

const tokenRoute: RouteSpec = {
  method: 'POST',
  path: '/oauth/token',
  auth: 'none',
  refuse: [],
  answer: { status: 200, headers: {}, json: null },
};

/** POST /oauth/token, and with `oidc` /authorize, /userinfo, /jwks.json and the discovery document. */
export async function addOauth(app: FastifyInstance, spec: OauthSpec, options: PublicOptions): Promise<void> {
  const { books } = options;
  const codes = createCodes();
  const signer = spec.oidc === undefined ? null : await openSigner(books);
  if (spec.oidc !== undefined && signer !== null) addOidc(app, spec, spec.oidc, signer, codes, options);
  app.post('/oauth/token', async (request, reply): Promise<FastifyReply> => {
    const received = readRequest(request);
    const { json, headers } = received.asked;
    const form = typeof json === 'object' && json !== null && !Array.isArray(json) ? json : {};
    const text = (name: string) => (typeof form[name] === 'string' ? form[name] : undefined);
    const basic = basicOf(headers.authorization);
    const id = basic?.id ?? text('client_id');
    const shown = { grant_type: text('grant_type') ?? null, client_id: id ?? null };
    const entry = { ...received.entry, route: routeName(tokenRoute), json: shown };
    const now = new Date();
    const decision = decide(
      tokenRoute,
      { ...received.asked, json: shown },
      {
        actor: null,
        mood: options.spec.moods[books.mood.name],
        seed: books.mood.seed,
        struck: books.struck,
        stored: books.stored,
        seq: books.nextSeq(),
        id: '',
        now,
      },
    );
    if (decision.outcome !== 'answered' && decision.outcome !== 'slow')
      return finish(request, reply, options, received, entry, decision);
    const client = spec.clients.find((one) => one.id === id);
    const secret = basic?.secret ?? text('client_secret');
    const answer =
      client === undefined || client.secret !== secret
        ? refused(401, 'invalid_client')
        : await granted(text, client.id, client.secret !== undefined);
    const outcome = answer.status === 200 ? decision.outcome : 'refused';
    return finish(request, reply, options, received, entry, { ...decision, outcome, answer });

    async function granted(
      field: (name: string) => string | undefined,
      clientId: string,
      confidential: boolean,
    ): Promise<Answer> {
      const grant = field('grant_type');
      if (grant === 'client_credentials' && confidential) return token(clientId, clientId, null);
      if (grant !== 'authorization_code' || spec.oidc === undefined)
        return refused(400, confidential ? 'unsupported_grant_type' : 'unauthorized_client');
      const code = codes.take(field('code') ?? '', now);
      const challenge = createHash('sha256')
        .update(field('code_verifier') ?? '')
        .digest('base64url');
      if (code === null || code.clientId !== clientId || code.redirectUri !== field('redirect_uri'))
        return refused(400, 'invalid_grant');
      if (code.challenge !== challenge) return refused(400, 'invalid_grant');
      const user = spec.oidc.users.find(({ sub }) => sub === code.sub);
      return user === undefined ? refused(400, 'invalid_grant') : token(clientId, user.sub, code);
    }
  });

  async function token(
    clientId: string,
    sub: string,
    code: { readonly nonce: string | null; readonly scope: string } | null,
  ): Promise<Answer> {
    const now = new Date();
    const expiresAt = new Date(now.getTime() + spec.lifetime * 1_000);
    const access = await accessToken(spec, signer, { clientId, sub, now, expiresAt });
    books.keepToken(access, sub, expiresAt);
    const idToken =
      code === null ? null : await signer?.idToken(spec, { clientId, sub, now, expiresAt, ...code });
    const json = {
      access_token: access,
      token_type: 'Bearer',
      expires_in: spec.lifetime,
      ...(code !== null && { scope: code.scope }),
      ...(idToken != null && { id_token: idToken }),
    };
    return { status: 200, headers: { 'cache-control': 'no-store' }, json };
  }
}

function accessToken(
  spec: OauthSpec,
  signer: Signer | null,
  of: { readonly clientId: string; readonly sub: string; readonly now: Date; readonly expiresAt: Date },
): Promise<string> | string {
  if (spec.oidc === undefined || signer === null) return randomBytes(24).toString('base64url');
  return signer.accessToken(spec, of);
}

function refused(status: number, error: string): Answer {
  const headers: Record<string, string> = status === 401 ? { 'www-authenticate': 'Basic realm="oauth"' } : {};
  return { status, headers, json: { error } };
}

/** RFC 6749, 2.3.1: both halves are form-encoded. */
function basicOf(header: string | undefined): { readonly id: string; readonly secret: string } | null {
  const packed = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(header ?? '')?.[1];
  if (packed === undefined) return null;
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(packed, 'base64').toString()) ?? [];
  if (id === undefined || secret === undefined) return null;
  const decoded = (text: string) => new URLSearchParams(`x=${text}`).get('x') ?? '';
  return { id: decoded(id), secret: decoded(secret) };
}
