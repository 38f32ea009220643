/** From an author's request to the bytes of one: filled, with its token and its signature. */
import type { Filler, SandboxHandle } from '../grading/types.ts';
import type { ComponentAccess } from '../lab/ports.ts';
import type { Json } from '../templates/types.ts';
import type { HttpRequest } from './http-exchange.ts';
import { signature } from './http-sign.ts';
import type { AuthSpec, ClaimsSpec, SignSpec } from './http-spec.ts';
import { graderToken, mintToken } from './http-token.ts';
import { LookFailure } from './look.ts';
import type { Door } from './service-place.ts';

export interface AskedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly json?: Json | undefined;
  readonly form?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
  readonly sign?: SignSpec | undefined;
}

/** The grader's own request. @throws LookFailure; FillError */
export async function graderRequest(
  asked: AskedRequest & { readonly auth: AuthSpec },
  door: Door,
  sandbox: SandboxHandle,
  fill: Filler,
): Promise<HttpRequest> {
  const access = sandbox.access(door.component);
  const token = await tokenOf(asked.auth, access, fill);
  return requestOf(asked, addressOf(access, door), token, fill);
}

/** The token that an `auth` stands for; null without one. */
export async function tokenOf(
  asked: AuthSpec,
  access: ComponentAccess,
  fill: Filler,
): Promise<string | null> {
  if (asked === 'none') return null;
  if (asked === 'trainee') return graderToken(apiAccess(access));
  if ('bearer' in asked) return fill.header(asked.bearer);
  return mintToken(apiAccess(access), mintedOf(asked.claims, fill));
}

function mintedOf({ expiresIn, alg, secret, ...claims }: ClaimsSpec, fill: Filler) {
  const given = Object.entries(claims).filter(([, value]) => value !== undefined);
  const filled = Object.fromEntries(given.map(([name, value]) => [name, fill.value(value ?? null) as Json]));
  return { claims: filled, expiresIn, alg, secret: secret === undefined ? null : fill.text(secret) };
}

/** Access to the sample API. @throws LookFailure `bug`: the validator allows no other kind. */
export function apiAccess(access: ComponentAccess): ComponentAccess & { kind: 'sample-api' } {
  if (access.kind === 'sample-api') return access;
  throw wrongKind(access.kind);
}

interface Address {
  readonly host: string;
  /** Null: not named. */
  readonly port: number | null;
}

/** What the request is addressed to; a Service is called as in its own namespace. */
export function addressOf(access: ComponentAccess, { at }: Door): Address {
  if (at !== null) return { host: at.service, port: at.port };
  if (access.kind === 'sample-api' || access.kind === 'service' || access.kind === 'stub') return access;
  throw wrongKind(access.kind);
}

function wrongKind(kind: string): LookFailure {
  return new LookFailure('bug', 'This check asks something of the wrong kind.', `http on a ${kind}`);
}

/** The filled request. @throws FillError */
export function requestOf(asked: AskedRequest, to: Address, token: string | null, fill: Filler): HttpRequest {
  const headers: Record<string, string> = {
    host: to.port === null ? to.host : `${to.host}:${to.port}`,
    accept: '*/*',
    'user-agent': 'labwright',
  };
  const [body, type] = bodyOf(asked, fill);
  if (type !== null) headers['content-type'] = type;
  if (token !== null) headers.authorization = `Bearer ${token}`;
  for (const [name, value] of Object.entries(asked.headers)) headers[name.toLowerCase()] = fill.header(value);
  if (asked.sign !== undefined) {
    const [name, value] = signature(asked.sign, body ?? '', fill, Date.now());
    headers[name] = value;
  }
  return { method: asked.method, path: fill.urlPath(asked.path), headers, body };
}

function bodyOf(asked: AskedRequest, fill: Filler): readonly [body: string | null, type: string | null] {
  if (asked.json !== undefined) return [JSON.stringify(fill.value(asked.json)), 'application/json'];
  if (asked.form !== undefined) {
    const fields = Object.entries(asked.form).map(([name, value]) => [name, fill.text(value)]);
    const encoded = new URLSearchParams(Object.fromEntries(fields)).toString();
    return [encoded, 'application/x-www-form-urlencoded'];
  }
  return asked.body === undefined ? [null, null] : [fill.text(asked.body), 'text/plain; charset=utf-8'];
}
