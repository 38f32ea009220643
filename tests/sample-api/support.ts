import type { FastifyInstance } from 'fastify';
import { SignJWT } from 'jose';
import pg from 'pg';
import { buildApp } from '../../src/sample-api/app.ts';
import { type Config, readConfig } from '../../src/sample-api/config.ts';
import { createAndSeed } from '../../src/sample-api/seed/load.ts';
import { FIRST_TENANT_ID, TRAINEE_ID } from '../../src/sample-api/seed/version.ts';
import { createLogger } from '../../src/sample-api/shared/logger.ts';

const secret = 'a secret that is only used by these tests';

export const trainee = {
  id: TRAINEE_ID,
  email: 'trainee@dotmac.example',
  tenantId: FIRST_TENANT_ID,
  permissions: [
    'customer:read',
    'customer:write',
    'service:*',
    'invoice:*',
    'payment:*',
    'ticket:*',
    'usage:read',
    'metrics:read',
    'audit:read',
    'plan:*',
    'user:read',
    'tenant:read',
  ],
  password: 'practice-makes-better',
};

export function environment(databaseUrl: string, more: Record<string, string> = {}): Record<string, string> {
  return {
    DATABASE_URL: databaseUrl,
    JWT_SECRET: secret,
    BOOTSTRAP_USER: JSON.stringify(trainee),
    LOG_LEVEL: 'silent',
    PORT: '0',
    ...more,
  };
}

/** Schema and rows of scale S. */
export async function seedDatabase(url: string, seed = 1): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await createAndSeed(client, seed, 'S');
  await client.end();
}

export function startApp(databaseUrl: string, more: Record<string, string> = {}): Promise<FastifyInstance> {
  const config: Config = readConfig(environment(databaseUrl, more));
  return buildApp(config, createLogger(config.LOG_LEVEL));
}

interface Claims {
  sub?: string;
  tenant?: string;
  permissions?: readonly string[];
  act?: string;
  expires?: string;
  key?: string;
}

/** A token as Labwright's own side would mint it. */
export async function mint(claims: Claims = {}): Promise<string> {
  const {
    sub = trainee.id,
    tenant = trainee.tenantId,
    permissions = trainee.permissions,
    act,
    expires = '1h',
    key = secret,
  } = claims;
  return new SignJWT({ tenant_id: tenant, permissions, ...(act !== undefined && { act: { sub: act } }) })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(sub)
    .setExpirationTime(expires)
    .sign(new TextEncoder().encode(key));
}

interface Answer {
  status: number;
  type: string;
  // biome-ignore lint/suspicious/noExplicitAny: what the API answers is what these tests look into
  json: any;
}

export type Client = (
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body?: object,
) => Promise<Answer>;

/** Calls the app with a token; null: without one. */
export function clientOf(app: FastifyInstance, token: string | null): Client {
  return async (method, path, body) => {
    const answer = await app.inject({
      method,
      url: path,
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
      ...(body !== undefined && { payload: body }),
    });
    return {
      status: answer.statusCode,
      type: String(answer.headers['content-type'] ?? ''),
      json: answer.body === '' ? undefined : JSON.parse(answer.body),
    };
  };
}

/** Looks until `condition` holds, or gives up with what it saw last. */
export async function eventually<T>(
  look: () => Promise<T>,
  condition: (seen: T) => boolean,
  withinMs = 5_000,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (condition(seen)) return seen;
    if (performance.now() > deadline)
      throw new Error(`not within ${withinMs} ms; last: ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
