/** The API and workers as containers of the image, on a PostgreSQL, a Redis and the engine's own socket. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Client, createClient } from '../e2e/client.ts';
import { dockerMissing, requireDocker } from '../support/docker.ts';
import { ensureImages, imagesTimeoutMs } from '../support/images.ts';
import { type Container, docker, environment, withClosedSocket, withSocket } from './containers.ts';
import { type Site, startSite } from './site.ts';

const template = 'dm-customer-lifecycle';
/** Also where five others build images on the same machine. */
const readyWithinMs = 240_000;
const minute = 60_000;

requireDocker();

describe.skipIf(dockerMissing !== null)('a site of containers', { timeout: 10 * minute }, () => {
  let site: Site;
  let api: Container;
  let trainee: Client;
  let instructor: Client;
  const workers: Container[] = [];

  async function startWorker(): Promise<Container> {
    const worker = await site.start(['worker']);
    workers.push(worker);
    return worker;
  }

  beforeAll(async () => {
    await ensureImages({ for: 'service' });
    site = await startSite();
    api = await site.start(['api']);
    await api.untilHealthy();
    const url = await api.url(4000);
    trainee = createClient(url, await site.token(api, 'trainee', 'ann'));
    instructor = createClient(url, await site.token(api, 'instructor', 'ida'));
  }, imagesTimeoutMs);
  afterEach(async () => {
    for (const worker of workers.splice(0)) await docker('rm', '--force', worker.id);
  });
  afterAll(() => site?.stop(), 2 * minute);

  it('tells by its health check that it serves, and that it works', async () => {
    const worker = await startWorker();
    await worker.untilHealthy();
    const ready = await (await fetch(`${await api.url(4000)}/readyz`)).json();
    expect(ready).toMatchObject({ parts: { database: 'up', queue: 'up', 'backend:docker': 'up' } });
  });

  it('prints no token and no key', async () => {
    const text = await api.logs();
    expect(text).toContain('Labwright is ready');
    expect(text).not.toMatch(/lw_[a-z0-9]/i);
    for (const name of ['INSTALLATION_KEY', 'DATABASE_URL'] as const)
      expect(text).not.toContain(site.environment[name]);
  });

  it('makes a lab, grades it, and leaves nothing of it', async () => {
    await startWorker();
    const { id } = await trainee.create({ template });
    const lab = await trainee.untilReady(id, readyWithinMs);
    expect(lab).toMatchObject({ backend: 'docker' });
    const attempt = await trainee.grade(id);
    expect(attempt).toMatchObject({ state: 'finished', points: 0 });
    expect(attempt.results.length).toBeGreaterThan(0);
    expect(attempt.results.filter(({ verdict }) => verdict === 'error')).toEqual([]);
    expect(await site.count()).toMatchObject({ networks: 1 });
    await trainee.remove(id);
    await trainee.untilEnded(id, readyWithinMs);
    expect(await site.count()).toEqual({ containers: 0, networks: 0, volumes: 0, images: 0 });
  });

  it('ends within its time when it is told to, with its work handed back or done', async () => {
    const worker = await startWorker();
    await worker.untilHealthy();
    const { id } = await trainee.create({ template });
    await trainee.until(id, ({ status }) => status !== 'queued', readyWithinMs);
    // DRAIN_SECONDS and what closing takes, below the time that the engine gives.
    expect(await worker.stop(60)).toBeLessThan(40_000);
    expect(await worker.state()).toMatchObject({ ExitCode: 0, OOMKilled: false });
    await startWorker();
    await trainee.untilReady(id, readyWithinMs);
    await trainee.remove(id);
    await trainee.untilEnded(id, readyWithinMs);
  });

  it('goes on with another worker where one was killed in the middle', async () => {
    const first = await startWorker();
    await first.untilHealthy();
    const { id } = await trainee.create({ template });
    await trainee.until(id, ({ status }) => status !== 'queued', readyWithinMs);
    await first.kill();
    await startWorker();
    await trainee.untilReady(id, readyWithinMs);
    expect(await trainee.grade(id)).toMatchObject({ state: 'finished' });
    await trainee.remove(id);
    await trainee.untilEnded(id, readyWithinMs);
  });

  it('says in the lab who may not use the socket, and makes it when somebody may', async () => {
    const closed = await site.start(['worker'], withClosedSocket());
    workers.push(closed);
    const { id } = await trainee.create({ template });
    const said = await instructor.until(id, ({ message }) => message.includes('docker.sock'), readyWithinMs);
    expect(said.message).toMatch(/closed to user "labwright"/);
    await closed.kill();
    await startWorker();
    await trainee.untilReady(id, readyWithinMs);
    await trainee.remove(id);
    await trainee.untilEnded(id, readyWithinMs);
  });

  it('refuses a replica with a key of its own', async () => {
    const other = await site.start(['api'], [...withSocket(), ...environment({ INSTALLATION_KEY: '' })]);
    await expect
      .poll(() => other.state(), { timeout: minute })
      .toMatchObject({ Running: false, ExitCode: 3 });
    expect(await other.logs()).toContain('INSTALLATION_KEY is required');
    expect(await api.health()).toBe('healthy');
  });
});
