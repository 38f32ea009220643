/** What others do to a lab in the cluster: it is seen, and the next `ensure` makes it good, or says what is in its way. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { V1Pod } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SandboxPlan } from '../../../src/lab/ports.ts';
import type { KubernetesDriver } from '../../../src/sandbox/kubernetes/kubernetes-driver.ts';
import { label } from '../../../src/sandbox/kubernetes/labels.ts';
import { createNames } from '../../../src/sandbox/kubernetes/names.ts';
import { contractVersion, planFor } from '../../contracts/driver-contract-plans.ts';
import { ensureClusterImages } from '../../support/cluster-images.ts';
import { type CutOffCluster, startCutOffCluster } from '../../support/cut-off-cluster.ts';
import { imagesTimeoutMs } from '../../support/images.ts';
import { kubernetesMissing, requireKubernetes } from '../../support/kubernetes.ts';
import { type KubernetesSubject, startKubernetesDriver } from '../../support/kubernetes-driver.ts';

requireKubernetes();

describe.skipIf(kubernetesMissing !== null)('a lab in a cluster of others', { timeout: 120_000 }, () => {
  const version = contractVersion();
  let subject: KubernetesSubject;
  let driver: KubernetesDriver;
  let plan: SandboxPlan;
  let namespace: string;
  let signal: AbortSignal;

  /** A workspace alone: what is tried is the cluster's, and not a component's. */
  function shellOf(sandboxId: string): SandboxPlan {
    const { workspace } = planFor(sandboxId, version).components;
    if (workspace === undefined) throw new Error('no workspace');
    return { ...planFor(sandboxId, version), components: { workspace } };
  }
  const limits = { timeoutMs: 30_000, maxBytes: 1_000 };
  const run = (...argv: string[]) => driver.exec(plan, 'workspace', argv, limits, signal);
  const stateOf = async () => (await driver.observe(plan, signal)).components.workspace?.state ?? 'absent';
  const remove = (kind: string, name: string, apiVersion = 'v1') =>
    subject.test.cluster.remove({ apiVersion, kind, namespace, name }, {}, signal);
  async function isMadeGood(): Promise<void> {
    await driver.ensure(plan, 'workspace', signal);
    expect(await stateOf()).toBe('running');
    expect(await run('echo', 'alive')).toMatchObject({ exitCode: 0, stdout: 'alive\n' });
  }
  const through = (kubeconfig: string) => subject.another({ kubeconfig, context: null });

  beforeAll(async () => void (await ensureClusterImages()), imagesTimeoutMs);
  beforeAll(async () => {
    subject = await startKubernetesDriver();
    driver = subject.driver;
    signal = AbortSignal.timeout(900_000);
    plan = shellOf('sb-faults');
    namespace = createNames(subject.test.installationId).controlOf(plan.sandboxId);
    await driver.ensure(plan, 'workspace', signal);
  }, 180_000);
  afterAll(() => subject?.stop(), 180_000);

  it('is seen to have lost its pod, and gets another', async () => {
    const heard = new Promise<string>((resolve) => driver.onTrouble(resolve));
    const { pod } = await subject.podOf(plan.sandboxId, 'workspace');
    await remove('Pod', pod);
    expect(await heard).toBe(plan.sandboxId);
    await expect.poll(stateOf, { timeout: 60_000 }).not.toBe('running');
    await isMadeGood();
  });

  it('gets its namespace again, with all that keeps it apart', async () => {
    await subject.test.cluster.remove({ apiVersion: 'v1', kind: 'Namespace', name: namespace }, {}, signal);
    await expect
      .poll(
        () =>
          driver.ensure(plan, 'workspace', signal).then(
            () => 'made',
            () => 'not yet',
          ),
        {
          timeout: 100_000,
          interval: 1_000,
        },
      )
      .toBe('made');
    await isMadeGood();
    const policies = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', namespace };
    const found = await subject.test.cluster.list<V1Pod>(policies, signal);
    expect(found.map(({ metadata }) => metadata?.name)).toContain('default-deny');
  });

  it('gets back what makes it reachable and what keeps it apart, when that is deleted by hand', async () => {
    const other = subject.another({ fencesEveryMs: 0 });
    const state = async () => (await other.observe(plan, signal)).components.workspace;
    expect(await state()).toMatchObject({ state: 'running' });
    await remove('Service', 'workspace');
    await remove('NetworkPolicy', 'default-deny', 'networking.k8s.io/v1');
    expect(await state()).toMatchObject({ state: 'broken', detail: 'Its Service was deleted.' });
    await other.ensure(plan, 'workspace', signal);
    expect(await state()).toMatchObject({ state: 'running' });
    await expect
      .poll(async () => (await run('getent', 'hosts', 'workspace')).exitCode, { timeout: 60_000 })
      .toBe(0);
    const denial = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', namespace };
    expect(await subject.test.cluster.read({ ...denial, name: 'default-deny' }, signal)).not.toBeNull();
    await other.close();
  });

  it('is finished by another Labwright where its maker was killed', async () => {
    const other = subject.another();
    await other.ensure(plan, 'workspace', signal);
    expect((await other.list(signal)).map(({ sandboxId }) => sandboxId)).toEqual([plan.sandboxId]);
    await other.close();
  });

  it('waits while the quota of the cluster is used up', async () => {
    const second = shellOf('sb-crowded');
    const crowded = createNames(subject.test.installationId).controlOf(second.sandboxId);
    await driver.ensure(second, 'workspace', signal);
    const { pod } = await subject.podOf(second.sandboxId, 'workspace');
    const quota = {
      ...{
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { name: 'of-the-cluster', namespace: crowded },
      },
      spec: { hard: { pods: '0' } },
    };
    await subject.test.cluster.apply(quota, signal);
    const quotaOf = { apiVersion: 'v1', kind: 'ResourceQuota', namespace: crowded, name: 'of-the-cluster' };
    await expect
      .poll(async () => {
        const there = await subject.test.cluster.read<{ status?: { hard?: object } }>(quotaOf, signal);
        return there?.status?.hard;
      })
      .toEqual({ pods: '0' });
    const name = { apiVersion: 'v1', kind: 'Pod', namespace: crowded, name: pod };
    await subject.test.cluster.remove(name, { graceSeconds: 0 }, signal);
    await expect(driver.ensure(second, 'workspace', signal)).rejects.toMatchObject({
      code: 'backend_busy',
      message: expect.stringContaining('quota'),
    });
    await subject.test.cluster.remove(quotaOf, {}, signal);
    await driver.ensure(second, 'workspace', signal);
    await driver.destroy(second.sandboxId, signal);
  });

  it('is made anew elsewhere, when its node is lost', async () => {
    const { cluster, installationId } = subject.test;
    const node = { apiVersion: 'v1', kind: 'Node', name: `lost-${installationId}` };
    const labels = { [label.installation]: installationId };
    // Nobody is there who would say that a pod on it has ended.
    await cluster.create(
      {
        ...{ apiVersion: 'v1', kind: 'Node', metadata: { name: node.name, labels } },
        spec: { unschedulable: true },
      },
      signal,
    );
    try {
      const second = shellOf('sb-nodeless');
      await driver.ensure(second, 'workspace', signal);
      const { namespace: space, pod } = await subject.podOf(second.sandboxId, 'workspace');
      const at = { apiVersion: 'v1', kind: 'Pod', namespace: space, name: pod };
      const there = await cluster.read<V1Pod>(at, signal);
      await cluster.remove(at, { graceSeconds: 0 }, signal);
      const { labels: own, annotations } = there?.metadata ?? {};
      const lost = {
        ...{ apiVersion: 'v1', kind: 'Pod' },
        metadata: { name: pod, namespace: space, labels: own, annotations },
        spec: { ...there?.spec, nodeName: node.name },
      };
      await expect.poll(() => cluster.create(lost, signal)).not.toBeNull();
      await cluster.remove(at, { graceSeconds: 300 }, signal);
      await driver.ensure(second, 'workspace', signal);
      expect((await cluster.read<V1Pod>(at, signal))?.spec?.nodeName).not.toBe(node.name);
      expect((await driver.observe(second, signal)).components.workspace?.state).toBe('running');
      await driver.destroy(second.sandboxId, signal);
    } finally {
      await cluster.remove(node, {}, signal);
    }
  });

  it('names an image that cannot be had, and how to get it', async () => {
    const images = { ...(await ensureClusterImages()), postgres: 'postgres:17', redis: 'redis:8' };
    const lacking = subject.another({ images: { ...images, workspace: 'labwright-workspace:not-here' } });
    const other = shellOf('sb-imageless');
    await expect(lacking.ensure(other, 'workspace', signal)).rejects.toMatchObject({
      code: 'start_failed',
      message: expect.stringMatching(/labwright-workspace:not-here.*registry that nodes can pull from/),
    });
    await lacking.destroy(other.sandboxId, signal);
    await lacking.close();
  });

  describe('whose API is away', () => {
    let cluster: CutOffCluster;
    beforeAll(async () => {
      cluster = await startCutOffCluster(subject.test.cluster.config);
    });
    afterAll(() => cluster?.stop());

    it('says where it is not, and loses nothing', async () => {
      const other = through(cluster.path);
      await other.ensure(plan, 'workspace', signal);
      await cluster.cut();
      const away = { code: 'backend_unavailable', message: expect.stringContaining(cluster.url) };
      await expect
        .poll(() => other.observe(plan, signal).catch((e: unknown) => e), { timeout: 30_000 })
        .toMatchObject(away);
      await expect(other.ensure(plan, 'workspace', signal)).rejects.toMatchObject(away);
      await expect(other.list(signal)).rejects.toMatchObject(away);
      await expect(other.check(signal)).rejects.toMatchObject(away);
      await cluster.restore();
      await expect
        .poll(
          () =>
            other.observe(plan, signal).then(
              ({ components }) => components.workspace?.state,
              () => null,
            ),
          { timeout: 60_000 },
        )
        .toBe('running');
      await other.ensure(plan, 'workspace', signal);
      await other.close();
    });
  });

  describe('with the rights of another', () => {
    const account = { namespace: '', name: 'limited' };
    const kind = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole' };
    let role: string;

    beforeAll(async () => {
      role = `${subject.test.installationId}-limited`;
      account.namespace = namespace;
      const { cluster, installationId } = subject.test;
      const labels = { [label.installation]: installationId };
      const rule = (apiGroups: string[], resources: string[], verbs: string[]) => ({
        apiGroups,
        resources,
        verbs,
      });
      await cluster.apply(
        { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'limited', namespace, labels } },
        signal,
      );
      await cluster.apply(
        {
          ...kind,
          metadata: { name: role, labels },
          rules: [rule([''], ['namespaces', 'pods'], ['get', 'list', 'watch'])],
        },
        signal,
      );
      await cluster.apply(
        {
          ...{ apiVersion: kind.apiVersion, kind: 'ClusterRoleBinding', metadata: { name: role, labels } },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
          subjects: [{ kind: 'ServiceAccount', name: 'limited', namespace }],
        },
        signal,
      );
    });
    afterAll(async () => {
      await subject.test.cluster.remove({ ...kind, kind: 'ClusterRoleBinding', name: role }, {}, signal);
      await subject.test.cluster.remove({ ...kind, name: role }, {}, signal);
    });

    it('names the verb, the resource and the namespace that are missing', async () => {
      const { token } = await subject.test.cluster.token(account, 600, signal);
      const way = await startCutOffCluster(subject.test.cluster.config, token);
      const limited = through(way.path);
      await expect(limited.ensure(shellOf('sb-limited'), 'workspace', signal)).rejects.toMatchObject({
        code: 'backend_unavailable',
        message: expect.stringMatching(/may not patch namespaces .*ClusterRole/),
      });
      await limited.close();
      await way.stop();
    });

    it('says that its credentials have expired, and takes new ones without a new start', async () => {
      const { cluster } = subject.test;
      const { token } = await cluster.token(account, 600, signal);
      const way = await startCutOffCluster(cluster.config, 'a.token.of-the-past');
      const other = through(way.path);
      await expect(other.check(signal)).rejects.toMatchObject({
        code: 'backend_unavailable',
        message: expect.stringContaining('credentials'),
      });
      const renewed = readFileSync(way.path, 'utf8').replace('a.token.of-the-past', token);
      writeFileSync(way.path, renewed);
      await expect(other.check(signal)).resolves.toBeUndefined();
      await other.close();
      await way.stop();
    });
  });
});
