import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../../src/sandbox/docker/engine.ts';

/** What answers instead of an engine, on a socket of its own. */
async function serve(path: string, listener: RequestListener) {
  const server = createServer(listener).listen(path);
  await once(server, 'listening');
  return server;
}

const signal = () => AbortSignal.timeout(20_000);

describe('an engine that does not do as it should', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'labwright-engine-'));
    chmodSync(folder, 0o755);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const asking = (host: string, within = signal()) =>
    createEngine({ host, tlsDir: null }).ask(
      'list containers',
      (docker, abortSignal) => docker.listContainers({ abortSignal }),
      within,
    );

  it('is not there', async () => {
    for (const host of [`unix://${folder}/none.sock`, 'tcp://127.0.0.1:1', `unix://${folder}`]) {
      await expect(asking(host), host).rejects.toMatchObject({
        code: 'backend_unavailable',
        message: `The Docker Engine at ${host} does not answer: is it running?`,
      });
    }
  });

  it('is closed to the user', async (context) => {
    if (process.getuid?.() !== 0) return context.skip('only root can be another user');
    const path = join(folder, 'closed.sock');
    const server = await serve(path, (_, response) => response.end());
    chmodSync(path, 0o600);
    const program = join(import.meta.dirname, 'ask-and-tell.ts');
    const printed = execFileSync(process.execPath, [program, `unix://${path}`], {
      ...{ uid: 65_534, gid: 65_534, cwd: '/', encoding: 'utf8' },
      env: {},
    });
    server.close();
    const told = JSON.parse(printed) as { code: string; message: string };
    expect(told.code).toBe('backend_unavailable');
    expect(told.message).toContain(`socket ${path} is closed to user "nobody" (group 65534)`);
    expect(told.message).toContain('belongs to group 0.');
  });

  it('is too old', async () => {
    const path = join(folder, 'old.sock');
    const server = await serve(path, (_, response) =>
      response.end(JSON.stringify({ Version: '17.06.2', ApiVersion: '1.30', MinAPIVersion: '1.12' })),
    );
    await expect(asking(`unix://${path}`)).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: `The Docker Engine 17.06.2 at unix://${path} has API 1.30; labs need 1.41 or newer: update it.`,
    });
    server.close();
  });

  it('speaks only what is newer, which it is asked in', async () => {
    const path = join(folder, 'new.sock');
    const asked: string[] = [];
    const server = await serve(path, (request, response) => {
      asked.push(request.url ?? '');
      const version = { Version: '40.0', ApiVersion: '1.60', MinAPIVersion: '1.48' };
      response.end(request.url === '/version' ? JSON.stringify(version) : '[]');
    });
    expect(await asking(`unix://${path}`)).toEqual([]);
    expect(asked).toEqual(['/version', '/v1.48/containers/json']);
    server.close();
  });

  it('is something else', async () => {
    const path = join(folder, 'other.sock');
    const server = await serve(path, (_, response) => response.end('{"hello":"world"}'));
    await expect(asking(`unix://${path}`)).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: `What answers at unix://${path} is not a Docker Engine.`,
    });
    server.close();
  });

  it('has no room left, or refuses', async () => {
    const path = join(folder, 'full.sock');
    let answer: [number, string] = [500, 'mkdir /var/lib/docker/x: no space left on device'];
    const server = await serve(path, (request, response) => {
      if (request.url === '/version') return response.end('{"Version":"20","ApiVersion":"1.41"}');
      response.writeHead(answer[0]).end(JSON.stringify({ message: answer[1] }));
    });
    await expect(asking(`unix://${path}`)).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: expect.stringMatching(/has no room left on its disk: it could not list containers/),
    });
    answer = [400, 'invalid filter'];
    await expect(asking(`unix://${path}`)).rejects.toMatchObject({
      code: 'provision_failed',
      message: 'The Docker Engine could not list containers: invalid filter.',
    });
    server.close();
  });

  it('hangs, and the caller gives up', async () => {
    const path = join(folder, 'hangs.sock');
    const server = await serve(path, () => {});
    const giveUp = new AbortController();
    const answer = asking(`unix://${path}`, giveUp.signal);
    giveUp.abort(new Error('enough'));
    await expect(answer).rejects.toThrow('enough');
    server.closeAllConnections();
    server.close();
  });

  it('lets one caller go on whose neighbour gave up', async () => {
    const path = join(folder, 'slow.sock');
    const server = await serve(path, (request, response) => {
      const version = '{"Version":"20","ApiVersion":"1.41"}';
      setTimeout(() => response.end(request.url === '/version' ? version : '[]'), 200);
    });
    const engine = createEngine({ host: `unix://${path}`, tlsDir: null });
    const ask = (within: AbortSignal) =>
      engine.ask('list', (docker, abortSignal) => docker.listContainers({ abortSignal }), within);
    const giveUp = new AbortController();
    const [first, second] = [ask(giveUp.signal), ask(signal())];
    giveUp.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
    expect(await second).toEqual([]);
    engine.close();
    server.close();
  });

  it('needs its TLS files', () => {
    expect(() => createEngine({ host: 'tcp://127.0.0.1:2376', tlsDir: folder })).toThrow(
      expect.objectContaining({
        code: 'bad_request',
        message: expect.stringMatching(/^DOCKER_CERT_PATH: .*ca\.pem/),
      }),
    );
  });
});
