import { appendFileSync, readFileSync } from 'node:fs';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterEach, describe, expect, it } from 'vitest';
import { client, filled, type Journal, type RunningStub, startStub, token } from './running-stub.ts';

const running: RunningStub[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});

async function start(text = filled('partner.yaml'), more: Record<string, string> = {}): Promise<RunningStub> {
  const one = await startStub(text, more);
  running.push(one);
  return one;
}

async function again(stub: RunningStub): Promise<RunningStub> {
  const one = await stub.again();
  running.push(one);
  return one;
}

async function tokenOf({ url }: RunningStub, secret = client.secret): Promise<Journal> {
  const answer = await fetch(`${url}/oauth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ grant_type: 'client_credentials', client_id: client.id, client_secret: secret }),
  });
  return { status: answer.status, ...((await answer.json()) as object) };
}

async function charge(stub: RunningStub, bearer: string, json: unknown, key?: string): Promise<Journal> {
  const answer = await fetch(`${stub.url}/charges`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${bearer}`,
      'content-type': 'application/json',
      ...(key !== undefined && { 'idempotency-key': key }),
    },
    body: typeof json === 'string' ? json : JSON.stringify(json),
  });
  return { status: answer.status, json: await answer.json(), headers: Object.fromEntries(answer.headers) };
}

const journal = async (stub: RunningStub, query = ''): Promise<Journal> =>
  (await stub.control('GET', `/journal${query}`)).json;

describe('a partner', () => {
  it('answers as its file says, to who has a token', async () => {
    const stub = await start();
    expect((await charge(stub, 'no-token', { order: 'o', amount: 5 })).status).toBe(401);
    expect((await tokenOf(stub, 'wrong')).status).toBe(401);
    const { access_token, expires_in } = await tokenOf(stub);
    expect(expires_in).toBe(60);
    const made = await charge(stub, access_token, { order: 'o', amount: 5 });
    expect(made).toMatchObject({ status: 201, json: { order: 'o', amount: 5, status: 'charged' } });
    expect(made.json.id).toMatch(/^ch_[0-9a-f]{18}$/);
    const read = await fetch(`${stub.url}/charges/${made.json.id}`, {
      headers: { authorization: `Bearer ${access_token}` },
    });
    expect(await read.json()).toEqual({ id: made.json.id });
    const { entries, counts } = await journal(stub);
    expect(counts).toEqual({
      'POST /charges 401': 1,
      'POST /oauth/token 401': 1,
      'POST /oauth/token 200': 1,
      'POST /charges 201': 1,
      'GET /charges/:id 200': 1,
    });
    expect(entries.at(-2)).toMatchObject({ actor: client.id, call: 'o', effect: 'o' });
    expect(JSON.stringify(entries)).not.toContain(client.secret);
  });

  it('gives one answer to one key, and none to a key that is used for something else', async () => {
    const stub = await start();
    const { access_token } = await tokenOf(stub);
    const [first, second] = [
      await charge(stub, access_token, '{"order":"o","amount":5}', 'k'),
      await charge(stub, access_token, '{ "amount": 5, "order": "o" }', 'k'),
    ];
    expect(second.json).toEqual(first.json);
    expect(second.headers['idempotency-replayed']).toBe('true');
    expect((await charge(stub, access_token, { order: 'o', amount: 6 }, 'k')).status).toBe(409);
    expect((await charge(stub, access_token, { order: 'o', amount: 5 }, 'k2')).json.id).not.toBe(
      first.json.id,
    );
    expect((await journal(stub)).effects).toEqual([{ key: 'o', count: 2 }]);
  });

  it('forgets its tokens when it is told to', async () => {
    const stub = await start();
    const { access_token } = await tokenOf(stub);
    await stub.control('POST', '/expire-tokens');
    expect((await charge(stub, access_token, { order: 'o', amount: 5 })).status).toBe(401);
    const { access_token: fresh } = await tokenOf(stub);
    expect((await charge(stub, fresh, { order: 'o', amount: 5 })).status).toBe(201);
  });

  it('remembers all of it after a kill, and a line that was cut is no line', async () => {
    const stub = await start();
    const { access_token } = await tokenOf(stub);
    const made = await charge(stub, access_token, { order: 'o', amount: 5 }, 'k');
    await stub.control('PUT', '/mood', { mood: 'slow', seed: 4 });
    const before = await journal(stub);
    await stub.signal('SIGKILL');
    appendFileSync(stub.journalFile, '{"line":"entry","entry":{"seq":99,"eff');
    const back = await again(stub);
    const replayed = await charge(back, access_token, { order: 'o', amount: 5 }, 'k');
    expect(replayed.json).toEqual(made.json);
    const after = await journal(back);
    expect(after.entries.slice(0, -1)).toEqual(
      before.entries.map((entry: Journal) =>
        entry.call === 'o' ? { ...entry, nextAfterMs: expect.any(Number) } : entry,
      ),
    );
    expect(after.entries.at(-1)).toMatchObject({ seq: 3, outcome: 'slow', durationMs: expect.any(Number) });
    expect(after.entries.at(-1).durationMs).toBeGreaterThanOrEqual(200);
    expect(after.effects).toEqual([{ key: 'o', count: 1 }]);
    expect(readFileSync(stub.journalFile, 'utf8')).not.toContain(access_token);
  });

  it('journals what it does not know and what it cannot read', async () => {
    const stub = await start();
    const { access_token } = await tokenOf(stub);
    expect((await fetch(`${stub.url}/nowhere?x=1`)).status).toBe(404);
    expect((await charge(stub, access_token, '{"order":')).status).toBe(400);
    const { entries } = await journal(stub);
    expect(entries.slice(1)).toMatchObject([
      { route: 'GET /nowhere', status: 404, outcome: 'not-found' },
      { route: 'POST /charges', status: 400, outcome: 'refused' },
    ]);
  });

  it('lets trainees do what the template says, and nobody else control it', async () => {
    const closed = await start();
    expect((await fetch(`${closed.url}/_stub/journal`)).status).toBe(404);
    const open = await start(filled('partner.yaml'), { TRAINEE: 'mood,journal', MOOD: 'storm' });
    expect(await (await fetch(`${open.url}/_stub/mood`)).json()).toEqual({
      mood: 'storm',
      seed: 0,
      moods: ['calm', 'storm', 'slow'],
    });
    const put = (mood: string) =>
      fetch(`${open.url}/_stub/mood`, { method: 'PUT', body: JSON.stringify({ mood }) });
    expect((await put('calm')).status).toBe(200);
    expect((await put('sunny')).status).toBe(400);
    expect(await (await fetch(`${open.url}/_stub/journal`)).json()).toMatchObject({ entries: [] });
    const control = `http://127.0.0.1:${open.controlPort}`;
    expect((await fetch(`${control}/health`)).status).toBe(200);
    expect((await fetch(`${control}/journal`)).status).toBe(401);
    const wrong = { authorization: `Bearer ${token}x` };
    expect((await fetch(`${control}/expire-tokens`, { method: 'POST', headers: wrong })).status).toBe(401);
  });

  it('says what is wrong with its file and its environment', async () => {
    await expect(startStub('routes:\n  - { method: GET }')).rejects.toThrow(/stub\.yaml:2 routes\.0\.path/);
    await expect(startStub('{}', { MOOD: 'wild' })).rejects.toThrow(/no mood wild/);
    await expect(startStub('{}', { CONTROL_TOKEN: 'short', PORT: 'x' })).rejects.toThrow(
      /PORT: cannot be used[\s\S]*CONTROL_TOKEN/,
    );
  });
});

const provider = `
oauth:
  clients: [{ id: app, redirectUris: [http://127.0.0.1:9/callback] }]
  lifetime: 60
  oidc:
    audience: orders
    users:
      - { name: ada, sub: u1, claims: { role: admin } }
      - { name: bob, sub: u2 }
`;

describe('an OpenID provider', () => {
  const verifier = 'a-verifier-that-is-long-enough-for-everybody-0123456789';

  async function signIn(stub: RunningStub, more: Record<string, string> = {}) {
    const { createHash } = await import('node:crypto');
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: 'app',
      redirect_uri: 'http://127.0.0.1:9/callback',
      state: 's1',
      nonce: 'n1',
      code_challenge: challenge,
      code_challenge_method: 'S256',
      login_hint: 'bob',
      ...more,
    });
    return fetch(`${stub.url}/authorize?${query}`, { redirect: 'manual' });
  }

  const redeem = (stub: RunningStub, code: string, codeVerifier = verifier) =>
    fetch(`${stub.url}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code,
        client_id: 'app',
        redirect_uri: 'http://127.0.0.1:9/callback',
        code_verifier: codeVerifier,
      }),
    });

  it('names itself as others find it', async () => {
    const stub = await start(provider, { PUBLIC_URL: 'http://partner:8080' });
    const about = (await (await fetch(`${stub.url}/.well-known/openid-configuration`)).json()) as Journal;
    expect(about.issuer).toBe('http://partner:8080');
  });

  it('signs a user in by code and PKCE, with tokens that its keys prove', async () => {
    const port = 20_000 + Math.floor(Math.random() * 20_000);
    const stub = await start(provider, { PORT: String(port) });
    const about = (await (await fetch(`${stub.url}/.well-known/openid-configuration`)).json()) as Journal;
    expect(about.issuer).toBe(stub.url);
    const back = new URL((await signIn(stub)).headers.get('location') ?? '');
    expect(back.searchParams.get('state')).toBe('s1');
    const answer = await redeem(stub, back.searchParams.get('code') ?? '');
    const tokens = (await answer.json()) as Journal;
    const keys = createRemoteJWKSet(new URL(about.jwks_uri));
    const { payload } = await jwtVerify(tokens.id_token, keys, { issuer: stub.url, audience: 'app' });
    expect(payload).toMatchObject({ sub: 'u2', nonce: 'n1' });
    await jwtVerify(tokens.access_token, keys, { issuer: stub.url, audience: 'orders' });
    const who = await fetch(about.userinfo_endpoint, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    });
    expect(await who.json()).toEqual({ sub: 'u2' });
    await stub.signal('SIGKILL');
    const restarted = await again(stub);
    const after = createRemoteJWKSet(new URL(`${restarted.url}/jwks.json`));
    await jwtVerify(tokens.access_token, after, { audience: 'orders' });
  });

  it('gives a code once, to who knows the verifier, and sends it nowhere else', async () => {
    const stub = await start(provider);
    const code = async () =>
      new URL((await signIn(stub)).headers.get('location') ?? '').searchParams.get('code') ?? '';
    expect((await redeem(stub, await code(), 'another-verifier')).status).toBe(400);
    const once = await code();
    expect((await redeem(stub, once)).status).toBe(200);
    expect((await redeem(stub, once)).status).toBe(400);
    expect((await signIn(stub, { redirect_uri: 'http://evil.example/' })).status).toBe(400);
    const plain = await signIn(stub, { code_challenge_method: 'plain' });
    expect(plain.headers.get('location')).toContain('error=invalid_request');
    expect((await signIn(stub, { login_hint: 'eve' })).headers.get('location')).toContain(
      'error=access_denied',
    );
  });
});
