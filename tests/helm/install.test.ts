/** The chart in the real cluster: installed, tried, upgraded while a lab runs, rolled back and uninstalled. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, createClient } from '../e2e/client.ts';
import { ensureClusterImages } from '../support/cluster-images.ts';
import { imagesTimeoutMs } from '../support/images.ts';
import { kubernetesMissing, requireKubernetes } from '../support/kubernetes.ts';
import { kubectl, requireTools, toolsMissing } from './helm.ts';
import { type Release, startRelease } from './release.ts';

const minute = 60_000;
/** Also where others use the same cluster. */
const readyWithinMs = 5 * minute;

requireTools();
requireKubernetes();

const missing = toolsMissing ?? kubernetesMissing;

describe.skipIf(missing !== null)('a release', { timeout: 12 * minute }, () => {
  let release: Release;
  let trainee: Client;
  let lab: string;

  beforeAll(async () => {
    await ensureClusterImages({ for: 'service' });
    release = startRelease();
    await release.install();
  }, imagesTimeoutMs);
  afterAll(() => release?.stop(), 5 * minute);

  /** Of the lab's pods: who they are, and how often they were started. */
  async function podsOfLab(): Promise<string> {
    const selector = `labwright.dev/installation=${await release.installationId()},labwright.dev/sandbox`;
    const format =
      'jsonpath={range .items[*]}{.metadata.uid} {.status.containerStatuses[*].restartCount}{"\\n"}{end}';
    const text = await kubectl('get', 'pods', '--all-namespaces', '--selector', selector, '--output', format);
    return text.trim().split('\n').sort().join('\n');
  }

  /** Those that are not on their way out. */
  async function ownPods(): Promise<readonly string[]> {
    const selector = 'app.kubernetes.io/name=labwright';
    const { items } = JSON.parse(
      await release.kubectl('get', 'pods', '--selector', selector, '--output=json'),
    ) as { items: readonly { metadata: { uid: string; deletionTimestamp?: string } }[] };
    return items
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map(({ metadata }) => metadata.uid);
  }

  it('is whole', async () => {
    const url = await release.url();
    const said = (await (await fetch(`${url}/readyz`)).json()) as { parts: object };
    expect(said.parts).toMatchObject({ database: 'up', queue: 'up', 'backend:kubernetes': 'up' });
    const log = await release.kubectl('logs', 'deployment/labwright-api');
    expect(log).toContain('Labwright is ready');
    expect(log).not.toMatch(/lw_[a-z0-9]/i);
  });

  it('passes helm test', async () => {
    expect(await release.helm('test', '--timeout', '8m')).toMatch(/Phase:\s+Succeeded/);
    expect(await release.kubectl('get', 'pods', '--output=name')).not.toContain('labwright-test');
  });

  it('makes a lab and grades it', async () => {
    trainee = createClient(await release.url(), await release.token('trainee', 'ann'));
    ({ id: lab } = await trainee.create({ template: 'dm-customer-lifecycle' }));
    expect(await trainee.untilReady(lab, readyWithinMs)).toMatchObject({ backend: 'kubernetes' });
    const attempt = await trainee.grade(lab);
    expect(attempt).toMatchObject({ state: 'finished', points: 0 });
    expect(attempt.results.filter(({ verdict }) => verdict === 'error')).toEqual([]);
  });

  it('leaves a lab undisturbed while all of its own is replaced', async () => {
    const [labBefore, ownBefore] = [await podsOfLab(), await ownPods()];
    expect(labBefore).not.toBe('');
    await release.upgrade('settings.LOG_LEVEL=debug');
    const ownAfter = await ownPods();
    expect(ownAfter.filter((one) => ownBefore.includes(one))).toEqual([]);
    trainee = createClient(await release.url(), await release.token('trainee', 'ann'));
    expect(await trainee.lab(lab)).toMatchObject({ status: 'ready' });
    expect(await trainee.grade(lab)).toMatchObject({ state: 'finished', points: 0 });
    expect(await podsOfLab()).toBe(labBefore);
  });

  it('goes back to what was before, with its key, and the lab goes on', async () => {
    const key = () =>
      release.kubectl('get', 'secret', 'labwright', '--output=jsonpath={.data.INSTALLATION_KEY}');
    const [labBefore, keyBefore] = [await podsOfLab(), await key()];
    await release.helm('rollback', '1', '--wait', '--timeout', '5m');
    const settings = await release.kubectl('get', 'configmap', 'labwright', '--output=jsonpath={.data}');
    expect(settings).not.toContain('LOG_LEVEL');
    expect(await key()).toBe(keyBefore);
    trainee = createClient(await release.url(), await release.token('trainee', 'ann'));
    expect(await trainee.grade(lab)).toMatchObject({ state: 'finished' });
    expect(await podsOfLab()).toBe(labBefore);
  });

  it('lets nobody but itself reach its database, and anybody its API', async () => {
    const tries = async (labels: string, host: string, port: number) => {
      const name = `try-${port}-${labels === '' ? 'any' : 'own'}`;
      const pod = confined(name, ['nc', '-w', '3', `${host}:${port}`, '-e', '/bin/true']);
      const how = ['--rm', '--attach', '--quiet', '--restart=Never', '--image=busybox:1'];
      try {
        await release.kubectl('run', name, ...how, `--labels=${labels || 'app=any'}`, `--overrides=${pod}`);
        return 'open';
      } catch (thrown) {
        // It ran, and came back with nothing: anything else is a failure of the test.
        if (!String(thrown).includes('terminated (Error)')) throw thrown;
        return 'closed';
      }
    };
    const own = 'app.kubernetes.io/name=labwright,app.kubernetes.io/instance=labwright';
    expect(await tries('', 'labwright', 80)).toBe('open');
    expect(await tries('', 'labwright-postgresql', 5432)).toBe('closed');
    // As one of its own: so it was the policy that kept the other out.
    expect(await tries(own, 'labwright-postgresql', 5432)).toBe('open');
  });

  it('may write nowhere but in namespaces of labs', async () => {
    const as = ['--as', `system:serviceaccount:${release.namespace}:labwright`];
    const mine = release.namespace;
    const refused = /Labwright writes only/;
    const secret = (namespace: string) =>
      kubectl('create', 'secret', 'generic', 'fence', '--from-literal=a=b', '--namespace', namespace, ...as);
    await expect(secret(mine)).rejects.toThrow(refused);
    await expect(kubectl('delete', 'namespace', mine, '--dry-run=server', ...as)).rejects.toThrow(refused);
    const label = ['labwright.dev/installation=fence', '--overwrite'];
    await expect(kubectl('label', 'namespace', mine, ...label, ...as)).rejects.toThrow(refused);
    await expect(kubectl('create', 'namespace', `${mine}-other`, ...as)).rejects.toThrow(refused);
    // With the label, which somebody else has given it, it may: so it was the fence that refused.
    await kubectl('label', 'namespace', mine, ...label);
    try {
      await secret(mine);
      await kubectl('delete', 'secret', 'fence', '--namespace', mine, ...as);
    } finally {
      await kubectl('label', 'namespace', mine, 'labwright.dev/installation-');
    }
  });

  it('is gone after an uninstall, but for what labs share', async () => {
    await trainee.remove(lab);
    await trainee.untilEnded(lab, readyWithinMs);
    const id = await release.installationId();
    await release.helm('uninstall', '--wait', '--timeout', '5m');
    const left = async (...what: readonly string[]) =>
      (await kubectl('get', ...what, '--output=name')).split('\n').filter((one) => one !== '');
    const cluster = await left(
      'clusterroles,clusterrolebindings,validatingadmissionpolicies,validatingadmissionpolicybindings',
    );
    expect(cluster.filter((one) => one.includes(release.namespace))).toEqual([]);
    await expect
      .poll(
        async () => {
          const all =
            'deployments,statefulsets,pods,services,secrets,configmaps,serviceaccounts,jobs,networkpolicies';
          const found = await left(all, '--namespace', release.namespace);
          return found.filter((one) => !/kube-root-ca\.crt|serviceaccount\/default/.test(one));
        },
        { timeout: 2 * minute, interval: 500 },
      )
      .toEqual([]);
    const selector = ['--selector', `labwright.dev/installation=${id},labwright.dev/space!=shared`];
    expect(await left('namespaces,persistentvolumes', ...selector)).toEqual([]);
  });
});

/** A pod that the standard `restricted` lets in. */
const confined = (name: string, command: readonly string[]) =>
  JSON.stringify({
    spec: {
      terminationGracePeriodSeconds: 1,
      securityContext: { runAsNonRoot: true, runAsUser: 999, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          ...{ name, image: 'busybox:1', command },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  });
