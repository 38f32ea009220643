/** What goes wrong around labs in containers, done on purpose and seen by their trainee: they survive it, or say why not. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { label, labelFilter } from '../../../src/sandbox/docker/labels.ts';
import { dockerMissing, requireDocker } from '../../support/docker.ts';
import { imagesTimeoutMs } from '../../support/images.ts';
import { eventually } from '../support.ts';
import { type EngineProxy, startEngineProxy } from './engine-proxy.ts';
import { gateway, patienceMs, type Site, startSite } from './site.ts';

requireDocker();

describe.skipIf(dockerMissing !== null)('a lab in containers', { timeout: 2 * patienceMs }, () => {
  let site: Site;
  let proxy: EngineProxy;
  let lab: string;

  beforeAll(async () => {
    proxy = await startEngineProxy();
    site = await startSite({ DOCKER_HOST: proxy.host, REDIS_IMAGE: 'redis:not-here' });
    lab = await make('boxed');
    await site.sql(lab, 'create table public.reached (at timestamptz not null)');
    await site.sql(lab, "update customers set phone = 'mine'");
    await site.inWorkspace(lab, 'echo mine > mine.txt\n');
  }, imagesTimeoutMs);
  afterAll(async () => {
    await site?.stop();
    await proxy?.stop();
  }, 120_000);

  async function make(template: string): Promise<string> {
    const { id } = await site.trainee().create({ template });
    await site.trainee().untilReady(id, patienceMs);
    return id;
  }
  async function end(id: string): Promise<void> {
    await site.trainee().remove(id);
    await site.trainee().untilEnded(id, patienceMs);
  }
  const becomes = (status: string, id = lab) =>
    site.trainee().until(id, (one) => one.status === status, patienceMs);

  /** The trainee's rows and files are there, by the trainee's own ways to them. */
  async function isUnharmed(): Promise<void> {
    await becomes('ready');
    expect(await site.sql(lab, 'select distinct phone from customers')).toEqual([{ phone: 'mine' }]);
    expect(await site.inWorkspace(lab, 'cat mine.txt\n')).toMatchObject({ code: 0, stdout: 'mine\n' });
    const login = await site.inWorkspace(
      lab,
      'curl -s -o /dev/null -w %{http_code} http://api:3000/health/ready\n',
    );
    expect(login.stdout).toBe('200');
  }

  it('gets its database again with its data, when that is killed', async () => {
    await site.harm(lab, 'database', (one) => one.kill());
    expect((await becomes('broken')).message).toMatch(/^broken: .*database.*repairing/);
    await isUnharmed();
  });

  it('gets its API again, when that is ended for want of memory', async () => {
    const before = await startOf('api');
    // Whoever is to go is chosen by this number, which anybody may raise, and by size: several small ones fill the room.
    const script =
      'for one in /proc/[0-9]*; do [ $one = /proc/$$ ] || echo 1000 > $one/oom_score_adj; done 2>/dev/null; ' +
      "for n in 1 2 3 4; do node -e 'globalThis.held = Buffer.alloc(90 << 20, 1); setTimeout(() => {}, 60000)' & done; wait";
    await site.harm(lab, 'api', async (one) => {
      const exec = await one.exec({ Cmd: ['sh', '-c', script], User: '999:999' });
      await exec.start({ Detach: true });
    });
    await eventually(
      async () => (await startOf('api')) !== before,
      () => 'the API to be started again',
      patienceMs,
    );
    await isUnharmed();
  });

  it('gets its gateway again', async () => {
    await site.harm(lab, gateway, (one) => one.remove({ force: true }));
    await eventually(
      async () => (await site.containerOf(lab, gateway)) !== null,
      () => 'a gateway',
      patienceMs,
    );
    await isUnharmed();
  });

  it('is let go of, when one of its containers is held still', async () => {
    await site.harm(lab, 'api', (one) => one.pause());
    expect((await becomes('broken')).message).toMatch(/^broken: .*api/);
    await isUnharmed();
  });

  it('says so and waits while the engine is away, and loses nothing', async ({ onTestFailed }) => {
    await proxy.cut();
    onTestFailed(() => proxy.restore());
    const waiting = (await site.trainee().create({ template: 'boxed-shell' })).id;
    const away = /The Docker Engine at .* does not answer: is it running\?/;
    for (const id of [lab, waiting]) {
      await site.instructor().until(id, ({ message }) => away.test(message), patienceMs);
    }
    // What is wrong inside is not for trainees.
    expect((await site.trainee().lab(lab)).message).toMatch(
      /^broken: what runs this lab does not answer; nothing is lost, and it is tried again (in \d+ s|now)$/,
    );
    expect((await site.trainee().lab(waiting)).message).toMatch(/^starting: .*; last try failed$/);
    // Longer than a lab that cannot be made would be tried.
    await delay(20_000);
    expect((await site.trainee().lab(waiting)).status).not.toBe('ended');
    expect((await fetch(`${site.url()}/readyz`)).status).toBe(200);
    const unmade = await site.trainee().remove((await site.trainee().create({ template: 'boxed-shell' })).id);
    expect(unmade.status).toBe('ending');
    await proxy.restore();
    await becomes('ready', waiting);
    await isUnharmed();
    await site.trainee().untilEnded(unmade.id, patienceMs);
    await end(waiting);
  });

  it.each([
    ['container', /^POST \/v[\d.]+\/containers\/create/],
    ['network', /^POST \/v[\d.]+\/networks\/create/],
    ['volume', /^POST \/v[\d.]+\/volumes\/create/],
    ['start', /^POST \/v[\d.]+\/containers\/[^/]+\/start/],
  ])('is made once, though the answer to a %s was lost', async (_, request) => {
    const lost = proxy.loseAnswerOf(request);
    const id = await make('boxed-shell');
    await lost;
    const sandbox = await site.sandboxOf(id);
    const filters = { label: [...labelFilter(site.installationId).label, `${label.sandbox}=${sandbox}`] };
    const [containers, networks] = await site.direct((docker) =>
      Promise.all([docker.listContainers({ all: true, filters }), docker.listNetworks({ filters })]),
    );
    // Partner, workspace and gateway.
    expect([containers.length, networks.length]).toEqual([3, 1]);
    await end(id);
  });

  it('is refused with how to get an image that is missing', async () => {
    await expect(site.trainee().create({ template: 'boxed-cache' })).rejects.toMatchObject({
      status: 422,
      code: 'backend_not_supported',
      message: expect.stringContaining('has no image redis:not-here; get it by: docker pull redis:not-here'),
    });
  });

  it('is made anew from the beginning, when what labs are prepared from was removed', async () => {
    await site.trainee().reset(lab);
    await becomes('ready');
    await end(lab);
    const filters = { label: [...labelFilter(site.installationId).label, label.prepared] };
    const prepared = () => site.direct((docker) => docker.listImages({ filters }));
    const before = await prepared();
    expect(before.length).toBeGreaterThan(0);
    for (const { Id } of before) await site.direct((docker) => docker.getImage(Id).remove({ force: true }));
    expect(await prepared()).toEqual([]);
    lab = await make('boxed');
    expect(await site.sql(lab, 'select count(*) > 0 as there from customers')).toEqual([{ there: true }]);
    await end(lab);
  });

  it('has left nothing in the engine', async () => {
    await site.endAll();
    await expect
      .poll(() => site.test.count(), { timeout: patienceMs, interval: 500 })
      .toEqual({ containers: 0, networks: 0, volumes: 0, images: 0 });
  });

  async function startOf(component: string): Promise<string> {
    const id = await site.containerOf(lab, component);
    if (id === null) return 'absent';
    return (await site.direct((docker) => docker.getContainer(id).inspect())).State.StartedAt;
  }
});
