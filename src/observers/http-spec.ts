/** What requests of looks and of steps have in common for those who write them. */
import { z } from 'zod';
import type { ComponentAccess } from '../lab/ports.ts';
import { httpHeaders, httpMethod, httpPath, json, signedMs } from './spec-parts.ts';

/** Claims that differ from the trainee's own: another tenant, fewer rights, a forged or expired token. */
const claims = z.strictObject({
  sub: z.string().optional(),
  email: z.string().optional(),
  tenant_id: z.string().optional(),
  permissions: z.union([z.array(z.string().max(200)).max(200), z.string()]).optional(),
  expiresIn: signedMs.default(60_000),
  alg: z.enum(['HS256', 'none']).default('HS256'),
  /** Signs with this instead of the API's own key. */
  secret: z.string().min(1).optional(),
});

const auth = z.union([
  z.enum(['trainee', 'none']),
  z.strictObject({ bearer: z.string().min(1).max(8_000) }),
  z.strictObject({ claims }),
]);

/** A header that proves who sent the body: over its time and its bytes. */
const sign = z.strictObject({
  hmac: z.enum(['sha256', 'sha1', 'sha512']),
  secret: z.string().min(1).max(4_000),
  over: z
    .string()
    .max(4_000)
    .default('{{body}}')
    .describe('What is signed; knows `time` (seconds since 1970) and `body`.'),
  header: z.string().regex(/^[A-Za-z0-9-]+$/, 'expected a header name'),
  format: z
    .string()
    .max(4_000)
    .default('{{hex}}')
    .describe("The header's value; knows `time`, `hex` and `base64`."),
  time: signedMs.default(0).describe("The signature's time, from now."),
});

/** The roots that only a signature's texts know. */
export const signRoots = { sign: ['time', 'body', 'hex', 'base64'] } as const;

/** Keys of every request. */
export const requestShape = {
  method: httpMethod.default('GET'),
  path: httpPath,
  auth: auth.default('none'),
  headers: httpHeaders.default({}),
  json: json.optional(),
  /** Sent as application/x-www-form-urlencoded. */
  form: z.record(z.string(), z.string().max(100_000)).optional(),
  /** Sent as it is. */
  body: z.string().max(1_000_000).optional(),
  sign: sign.optional(),
};

export type AuthSpec = z.infer<typeof auth>;
export type SignSpec = z.infer<typeof sign>;
export type ClaimsSpec = z.infer<typeof claims>;

/** For `refine`: a request has one body. */
export function hasOneBody(asked: { json?: unknown; form?: unknown; body?: unknown }): boolean {
  return [asked.json, asked.form, asked.body].filter((one) => one !== undefined).length <= 1;
}

export const oneBody = 'expected one of json, form and body';

/** Who speaks HTTP; only the sample API has accounts and a key to sign tokens with. */
export function httpKinds(asked: AuthSpec): readonly ComponentAccess['kind'][] {
  return needsAccount(asked) ? ['sample-api'] : ['sample-api', 'service', 'stub'];
}

function needsAccount(asked: AuthSpec): boolean {
  return asked === 'trainee' || (typeof asked === 'object' && 'claims' in asked);
}

/** For `refine`: what runs in a namespace has neither an account of ours nor our key. */
export function authFitsService(asked: { service?: unknown; auth: AuthSpec }): boolean {
  return asked.service === undefined || !needsAccount(asked.auth);
}

export const ownAuth = {
  message: 'a program in a namespace knows no account of ours: expected auth none or bearer',
  path: ['auth'],
};
