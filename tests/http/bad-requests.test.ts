import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { client, startWorld, type World } from './world.ts';

let world: World;
let token: string;
let ann: ReturnType<typeof client>;

beforeAll(async () => {
  world = await startWorld();
  token = await world.token('trainee', 'ann');
  ann = client(world.app, token);
});
afterAll(() => world.stop());

const json = { 'content-type': 'application/json' };

describe('a request that is wrong', () => {
  it('is told in problem details, with a stable code and the path', async () => {
    const answer = await ann('GET', '/labs/lab-9999');
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json).toMatchObject({
      type: 'urn:labwright:problem:lab_not_found',
      title: 'Not Found',
      status: 404,
      code: 'lab_not_found',
      instance: '/api/v1/labs/lab-9999',
    });
  });

  it.each(['{', '{"template":', '{"a":1}}', '"\\ud800', '{"__proto__":{"role":"admin"}}'])(
    'is refused as malformed: %s',
    async (body) => {
      const answer = await ann('POST', '/labs', body, json);
      expect(answer.status).toBe(400);
      expect(answer.json.code).toBe('malformed_json');
    },
  );

  it.each([
    [{ template: 5 }, 'template', '5'],
    [{ template: null }, 'template', 'null'],
    [{ template: ['first-steps'] }, 'template', 'a list of 1'],
    [{}, 'template', 'nothing'],
    [{ template: '../etc/passwd' }, 'template', '"../etc/passwd"'],
    [{ template: `x${'y'.repeat(100)}` }, 'template', `"x${'y'.repeat(59)}…"`],
    [{ template: 'first-steps', ttl: 90 }, 'ttl', '90'],
    [{ template: 'first-steps', ttl: '1 week' }, 'ttl', '"1 week"'],
    [{ template: 'first-steps', ttl: '0m' }, 'ttl', '"0m"'],
    [{ template: 'first-steps', trainee: 'a\u0000b' }, 'trainee', '"a\uFFFDb"'],
    [{ template: 'first-steps', trainee: '' }, 'trainee', '""'],
  ])('names the field, what was found and what is allowed: %j', async (body, field, found) => {
    const answer = await ann('POST', '/labs', body);
    expect(answer.status).toBe(422);
    expect(answer.json.code).toBe('validation_failed');
    expect(answer.json.errors).toHaveLength(1);
    expect(answer.json.errors[0]).toMatchObject({ field, found });
    expect(answer.json.errors[0].allowed.length).toBeGreaterThan(3);
    expect(answer.json.detail).toContain(`${field}: found ${found}`);
  });

  it.each([
    ['/labs', { template: 'first-steps', phase: 'ready' }, 'phase'],
    ['/labs', { template: 'first-steps', maxSeconds: 1e9 }, 'maxSeconds'],
    ['/labs', { template: 'first-steps', role: 'admin' }, 'role'],
    ['/labs/lab-1/extend', { minutes: 1, expiresAt: '2099-01-01' }, 'expiresAt'],
    ['/labs/lab-1/reset', { generation: 7 }, 'generation'],
    ['/labs/lab-1/attempts', { points: 100 }, 'points'],
  ])('may not set what it has no business with: %s %j', async (path, body, field) => {
    const answer = await ann('POST', path, body);
    expect(answer.status).toBe(422);
    expect(answer.json.errors[0]).toMatchObject({ field, found: 'a field that is not known here' });
  });

  it('is told when there is no body, and when the body is not an object', async () => {
    const nothing = await ann('POST', '/labs', undefined, json);
    expect(nothing.json.errors).toEqual([{ field: 'body', found: 'no body', allowed: 'an object' }]);
    expect((await ann('POST', '/labs', '[]', json)).json.errors[0].found).toBe('a list of 0');
    expect((await ann('DELETE', '/labs/lab-9999', undefined, json)).status).toBe(404);
  });

  it.each(['text/plain', 'application/xml', 'application/x-www-form-urlencoded', 'nonsense'])(
    'is refused in another format: %s',
    async (type) => {
      const answer = await ann('POST', '/labs', 'template=first-steps', { 'content-type': type });
      expect(answer.status).toBe(415);
      expect(answer.json.code).toBe('unsupported_media_type');
    },
  );

  it('may be 256 KiB long, and no longer', async () => {
    const body = (length: number) => JSON.stringify({ value: 'x'.repeat(length) });
    const fits = await ann('PUT', '/labs/lab-9999/answers/why', body(262_144 - 13), json);
    expect(fits.status).toBe(422);
    const over = await ann('PUT', '/labs/lab-9999/answers/why', body(262_144), json);
    expect(over.status).toBe(413);
    expect(over.json.code).toBe('payload_too_large');
  });

  it('may not nest values that the schema does not know, however deep', async () => {
    const answer = await ann(
      'POST',
      '/labs',
      `{"template":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
      json,
    );
    expect(answer.status).toBe(422);
  });

  it('has numbers in their range', async () => {
    const { json: lab } = await ann('POST', '/labs', { template: 'first-steps' });
    for (const minutes of [0, -5, 1.5, '10', 1e9, null]) {
      const answer = await ann('POST', `/labs/${lab.id}/extend`, { minutes });
      expect(answer.status, String(minutes)).toBe(422);
      expect(answer.json.errors[0].field).toBe('minutes');
    }
    for (const limit of ['0', '-1', '201', 'many', '1e3']) {
      expect((await ann('GET', `/labs?limit=${limit}`)).json.errors[0].field).toBe('limit');
    }
    for (const after of ['-1', 'x', '1.5']) {
      expect((await ann('GET', `/labs/${lab.id}/events?after=${after}`)).json.errors[0].field).toBe('after');
    }
  });

  it.each(['', 'has space', 'ünicode', 'x'.repeat(201)])('has a sound Idempotency-Key: "%s"', async (key) => {
    const answer = await ann('POST', '/labs', { template: 'first-steps' }, { 'idempotency-key': key });
    expect(answer.status).toBe(422);
    expect(answer.json.errors[0].field).toBe('idempotency-key');
  });
});

describe('what goes wrong inside', () => {
  it('is not told to the caller', async () => {
    const broken = await startWorld({
      deps: {
        templates: {
          list: () => Promise.reject(new Error('open /srv/secret-folder: password=hunter2')),
          loadFor: async () => null,
          hashes: async () => new Set<string>(),
          load: async () => null,
          problems: async () => [],
        },
      },
    });
    const who = client(broken.app, await broken.token('admin', 'root'));
    for (const path of ['/templates', '/catalogue']) {
      const answer = await who('GET', path);
      expect(answer.status).toBe(500);
      expect(answer.json.code).toBe('internal');
      expect(answer.text).not.toMatch(/hunter2|secret-folder/);
    }
    await broken.stop();
  });
});

describe('an unknown path', () => {
  it('is answered with the nearest known one', async () => {
    const answer = await ann('GET', '/api/v1/lab');
    expect(answer.status).toBe(404);
    expect(answer.json).toMatchObject({ code: 'not_found', suggestion: '/api/v1/labs' });
    const deep = await ann('GET', '/api/v1/labs/lab-7/acess');
    expect(deep.json.suggestion).toBe('/api/v1/labs/lab-7/access');
  });

  it('is told which methods are possible when only the method is wrong', async () => {
    const answer = await ann('PATCH', '/labs/lab-1', {});
    expect(answer.status).toBe(405);
    expect(answer.json.code).toBe('method_not_allowed');
    expect(String(answer.headers.allow).split(', ')).toEqual(['DELETE', 'GET', 'HEAD']);
  });

  it('survives what is no path at all', async () => {
    for (const path of ['/api/v1/labs/%zz', '/api/v1/labs/%00', `/api/v1/labs/${'x'.repeat(5_000)}`, '//']) {
      const answer = await ann('GET', path);
      expect(answer.status, path.slice(0, 40)).toBeGreaterThanOrEqual(400);
      expect(answer.status, path.slice(0, 40)).toBeLessThan(500);
      expect(answer.json.code).toBeTypeOf('string');
      expect(answer.text.length).toBeLessThan(2_000);
    }
  });
});

describe('over a real socket', () => {
  let port = 0;
  beforeAll(async () => {
    await world.app.listen({ port: 0, host: '127.0.0.1' });
    port = (world.app.server.address() as { port: number }).port;
  });

  it('no value of a caller gets into a header of ours', async () => {
    const status = await new Promise<number>((resolve, reject) => {
      const request = httpRequest({
        port,
        path: '/api/v1/labs/x%0d%0aSet-Cookie:%20a=b',
        headers: { authorization: `Bearer ${token}` },
      });
      request.on('response', (response) => {
        expect(response.headers['set-cookie']).toBeUndefined();
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      request.on('error', reject);
      request.end();
    });
    expect(status).toBe(422);
  });

  it('smuggled and broken requests are refused and the server lives on', async () => {
    const raw = (text: string) =>
      new Promise<string>((resolve, reject) => {
        const socket = connect(port, '127.0.0.1', () => socket.write(text));
        let answer = '';
        socket.on('data', (chunk) => {
          answer += chunk;
        });
        socket.on('close', () => resolve(answer));
        socket.on('error', reject);
      });
    const both =
      'POST /api/v1/labs HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
    expect(await raw(both)).toMatch(/^HTTP\/1\.1 400 /);
    const long = `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'y'.repeat(40_000)}\r\n\r\n`;
    expect(await raw(long)).toMatch(/^HTTP\/1\.1 431 /);
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
  });
});
