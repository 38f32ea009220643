/** What goes wrong around labs in a cluster, done on purpose and seen by their trainee: they survive it, or say why not. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPodExec } from '../../../src/sandbox/kubernetes/exec/pod-exec.ts';
import { type CutOffCluster, startCutOffCluster } from '../../support/cut-off-cluster.ts';
import { imagesTimeoutMs } from '../../support/images.ts';
import { kubernetesMissing, requireKubernetes, startTestCluster } from '../../support/kubernetes.ts';
import { crashScript } from '../../support/kubernetes-driver.ts';
import { patienceMs, type Site, startSite } from './site.ts';

requireKubernetes();

describe.skipIf(kubernetesMissing !== null)('a lab in a cluster', { timeout: 2 * patienceMs }, () => {
  let site: Site;
  let way: CutOffCluster;
  let lab: string;

  beforeAll(async () => {
    const { cluster } = startTestCluster('nobody');
    way = await startCutOffCluster(cluster.config);
    cluster.close();
    site = await startSite({ KUBECONFIG: way.path, REDIS_IMAGE: 'redis:not-here' });
    lab = await make('boxed');
    await site.sql(lab, 'create table public.reached (at timestamptz not null)');
    await site.sql(lab, "update customers set phone = 'mine'");
    await site.inWorkspace(lab, 'echo mine > mine.txt\n');
  }, imagesTimeoutMs);
  afterAll(async () => {
    await site?.stop();
    await way?.stop();
  }, 240_000);

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

  /** Ends the program of a component, and nothing else of its pod. */
  async function crash(component: string): Promise<void> {
    const pod = await site.podOf(lab, component);
    const { namespace = '', name = '' } = pod?.metadata ?? {};
    const exec = createPodExec(site.test.cluster.config);
    const at = { namespace, pod: name, container: 'main' };
    const program = await exec.open(
      at,
      ['sh', '-c', crashScript],
      { stdin: false },
      AbortSignal.timeout(60_000),
    );
    program.stream.resume();
    await program.exitCode;
  }

  /** The trainee's rows and files are there, by the trainee's own ways to them. */
  async function isUnharmed(): Promise<void> {
    await becomes('ready');
    expect(await site.sql(lab, 'select distinct phone from customers')).toEqual([{ phone: 'mine' }]);
    expect(await site.inWorkspace(lab, 'cat mine.txt\n')).toMatchObject({ code: 0, stdout: 'mine\n' });
    // Its own connections to a database that was away come back a moment later.
    const asked = 'curl -s -o /dev/null -w %{http_code} http://api:3000/health/ready\n';
    await expect
      .poll(async () => (await site.inWorkspace(lab, asked)).stdout, { timeout: patienceMs, interval: 1_000 })
      .toBe('200');
  }

  it('gets its database again with its data, when that is killed', async () => {
    await crash('database');
    expect((await becomes('broken')).message).toMatch(/^broken: .*database.*repairing/);
    await isUnharmed();
  });

  it('gets its API again, when that is killed', async () => {
    await crash('api');
    expect((await becomes('broken')).message).toMatch(/^broken: .*api/);
    await isUnharmed();
  });

  it('gets its API again, when its pod is deleted by hand', async () => {
    await site.deletePod(lab, 'api');
    await becomes('broken');
    await isUnharmed();
  });

  it('says so and waits while the cluster is away, and loses nothing', async ({ onTestFailed }) => {
    await way.cut();
    onTestFailed(() => way.restore());
    const waiting = (await site.trainee().create({ template: 'boxed-shell' })).id;
    const away = /Kubernetes at .* does not answer/;
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
    await way.restore();
    await becomes('ready', waiting);
    await isUnharmed();
    await end(waiting);
  });

  it('says which image no node can get', async () => {
    const { id } = await site.trainee().create({ template: 'boxed-cache' });
    const missing = /redis:not-here.*registry that nodes can pull from/;
    await site.instructor().until(id, ({ message }) => missing.test(message), patienceMs);
    await site.trainee().remove(id);
    await site.trainee().untilEnded(id, patienceMs);
  });

  it('has left nothing in the cluster', async () => {
    await site.endAll();
    await expect
      .poll(() => site.test.count(), { timeout: patienceMs, interval: 500 })
      .toEqual({ namespaces: 0, volumes: 0 });
  });
});
