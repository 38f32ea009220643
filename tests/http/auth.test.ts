import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mintToken } from '../../src/http/token.ts';
import { client, startWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

describe('without a valid token', () => {
  it('nothing of the API is told', async () => {
    const nobody = client(world.app, null);
    const routes = [
      ['GET', '/me'],
      ['GET', '/templates'],
      ['GET', '/templates/first-steps'],
      ['GET', '/labs'],
      ['POST', '/labs'],
      ['GET', '/labs/lab-1'],
      ['GET', '/labs/lab-1/events'],
      ['GET', '/tokens'],
    ] as const;
    for (const [method, path] of routes) {
      const answer = await nobody(method, `/api/v1${path}`);
      expect(answer.status, path).toBe(401);
      expect(answer.json).toMatchObject({ code: 'unauthenticated', reason: 'missing' });
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="labwright"');
    }
    expect((await nobody('GET', '/healthz')).status).toBe(200);
  });

  it('a body is not even read', async () => {
    const nobody = client(world.app, null);
    const answer = await nobody('POST', '/labs', 'x'.repeat(400_000), { 'content-type': 'application/json' });
    expect(answer.status).toBe(401);
  });

  it.each([
    'Basic YTpi',
    'Bearer',
    'Bearer ',
    'Bearer a b',
    'token',
    `Bearer ${'x'.repeat(501)}`,
    'Bearer lw_unknown',
  ])('the header says what is wrong with it: %s', async (authorization) => {
    const answer = await client(world.app, null)('GET', '/labs', undefined, { authorization });
    expect(answer.status).toBe(401);
    expect(answer.json).toMatchObject({ code: 'unauthenticated', reason: 'invalid' });
    expect(answer.headers['www-authenticate']).toContain('invalid_token');
  });

  it('an expired one is told apart from an unknown one', async () => {
    const token = await world.token('trainee', 'old', 1);
    await world.pool.query(
      `update tokens set expires_at = now() - interval '1 second' where subject = 'old'`,
    );
    const answer = await client(world.app, token)('GET', '/me');
    expect(answer.status).toBe(401);
    expect(answer.json).toMatchObject({ code: 'token_expired', reason: 'expired' });
  });
});

describe('a token in the URL', () => {
  it.each(['token', 'access_token', 'api_key', 'Authorization'])(
    'is refused as %s, though it is valid',
    async (name) => {
      const token = await world.token('trainee', 'ann');
      const ann = client(world.app, token);
      const answer = await ann('GET', `/labs?${name}=${token}`);
      expect(answer.status).toBe(400);
      expect(answer.json.detail).toContain('must not be in the URL');
      expect(answer.text).not.toContain(token);
      expect((await ann('GET', `/labs/${token}`)).status).toBe(400);
    },
  );

  it('does not authenticate', async () => {
    const token = await world.token('trainee', 'ann');
    const nobody = client(world.app, null);
    expect((await nobody('GET', `/labs?access_token=${token}`)).status).toBe(400);
  });
});

describe('tokens', () => {
  it('are shown once, kept as a hash, and work until they are revoked', async () => {
    const admin = client(world.app, await world.token('admin', 'root'));
    const made = await admin('POST', '/tokens', { subject: 'ute', role: 'instructor', ttl: '7d' });
    expect(made.status).toBe(201);
    expect(made.json.token).toMatch(/^lw_[A-Za-z0-9_-]{43}$/);
    expect(Date.parse(made.json.expiresAt) - Date.now()).toBeGreaterThan(6.9 * 86_400_000);
    const dump = await world.pool.query('select t::text as row from tokens t');
    expect(JSON.stringify(dump.rows)).not.toContain(made.json.token);
    const listed = await admin('GET', '/tokens');
    expect(listed.json.items.map((one: { id: string }) => one.id)).toContain(made.json.id);
    expect(listed.text).not.toContain(made.json.token);

    const ute = client(world.app, made.json.token);
    expect((await ute('GET', '/me')).json).toMatchObject({ subject: 'ute', role: 'instructor' });
    const first = await admin('DELETE', `/tokens/${made.json.id}`);
    expect(first.json.revokedAt).not.toBeNull();
    expect((await admin('DELETE', `/tokens/${made.json.id}`)).json.revokedAt).toBe(first.json.revokedAt);
    const refused = await ute('GET', '/me');
    expect(refused.status).toBe(401);
    expect(refused.json.reason).toBe('revoked');
  });

  it('of higher roles cannot be made, seen or revoked from below', async () => {
    const trainee = client(world.app, await world.token('trainee', 'ann'));
    const teacher = client(world.app, await world.token('instructor', 'teacher'));
    await world.token('admin', 'root');
    expect((await trainee('POST', '/tokens', { subject: 'ann' })).status).toBe(403);
    expect((await trainee('GET', '/tokens')).status).toBe(403);
    for (const role of ['instructor', 'admin']) {
      expect((await teacher('POST', '/tokens', { subject: 'x', role })).status).toBe(403);
    }
    expect((await teacher('POST', '/tokens', { subject: 'x' })).json.role).toBe('trainee');
    const seen = (await teacher('GET', '/tokens')).json.items as { role: string }[];
    expect(new Set(seen.map((one) => one.role))).toEqual(new Set(['trainee']));
    const { rows } = await world.pool.query(`select id from tokens where role = 'admin' limit 1`);
    expect((await teacher('DELETE', `/tokens/${rows[0].id}`)).status).toBe(403);
    expect((await teacher('DELETE', '/tokens/tok-none')).status).toBe(404);
  });

  it('ask the database once for a burst of requests, not once each', async () => {
    let lookups = 0;
    const { id, plain } = mintToken((size) => new Uint8Array(size).fill(7));
    const found = {
      id,
      role: 'trainee',
      subject: 'burst',
      name: 'burst',
      createdAt: new Date(),
      expiresAt: null,
      revokedAt: null,
      lastUsedAt: null,
      class: null,
      state: 'valid',
    } as const;
    const counting = await startWorld({
      deps: {
        tokens: {
          ...world.tokens,
          findByHash: async () => {
            lookups++;
            return found;
          },
          touch: async () => undefined,
        },
      },
    });
    const burst = client(counting.app, plain);
    for (let i = 0; i < 20; i++) expect((await burst('GET', '/me')).status).toBe(200);
    expect(lookups).toBe(1);
    await counting.stop();
  });
});
