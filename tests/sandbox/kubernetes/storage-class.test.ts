/** Labs whose data is on volumes of a StorageClass: it outlives their pods, and goes with them. */
import type { V1PersistentVolumeClaim } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { label } from '../../../src/sandbox/kubernetes/labels.ts';
import { createNames } from '../../../src/sandbox/kubernetes/names.ts';
import { createHostFolders } from '../../../src/sandbox/kubernetes/trainee/host-folders.ts';
import { asRole, contractVersion, planFor, postgresAccess } from '../../contracts/driver-contract-plans.ts';
import { imagesTimeoutMs } from '../../support/images.ts';
import { kubernetesMissing, requireKubernetes, startTestCluster } from '../../support/kubernetes.ts';
import { type KubernetesSubject, startKubernetesDriver } from '../../support/kubernetes-driver.ts';

requireKubernetes();

/** Data, files, notes, and one to spare. */
const volumes = ['one', 'two', 'three', 'four'];

describe.skipIf(kubernetesMissing !== null)('a lab on a StorageClass', { timeout: 240_000 }, () => {
  const signal = AbortSignal.timeout(900_000);
  // Whose volumes are made by hand, as they are where no provisioner runs.
  const store = startTestCluster();
  const storageClass = store.installationId;
  const folders = createHostFolders({
    ...{ cluster: store.cluster, installationId: store.installationId, image: 'busybox:1' },
    ...{ namespace: store.installationId, folder: '/var/tmp/labwright-test-volumes' },
  });
  const nodes = new Map<string, string>();
  let subject: KubernetesSubject;

  beforeAll(async () => {
    subject = await startKubernetesDriver({ storageClass });
    await store.cluster.apply(
      {
        ...{ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: storageClass } },
        provisioner: 'kubernetes.io/no-provisioner',
      },
      signal,
    );
    for (const volume of volumes) {
      const name = `${storageClass}-${volume}`;
      const { path, node } = await folders.make(name, signal);
      nodes.set(name, node);
      await store.cluster.apply(
        {
          ...{ apiVersion: 'v1', kind: 'PersistentVolume' },
          metadata: { name, labels: { [label.installation]: store.installationId } },
          spec: {
            capacity: { storage: '100Gi' },
            accessModes: ['ReadWriteOnce'],
            persistentVolumeReclaimPolicy: 'Retain',
            storageClassName: storageClass,
            hostPath: { path, type: 'Directory' },
          },
        },
        signal,
      );
    }
  }, imagesTimeoutMs);
  afterAll(async () => {
    await subject?.stop();
    for (const [name, node] of nodes) await folders.remove({ name, node }, signal);
    await store.cluster.remove(
      { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', name: storageClass },
      {},
      signal,
    );
    await store.stop();
  }, 180_000);

  it('keeps what its pods lose, and leaves no claim', async () => {
    const { driver, test } = subject;
    const plan = planFor('sb-kept', contractVersion());
    const namespace = createNames(test.installationId).controlOf(plan.sandboxId);
    const ensure = async () => {
      for (const component of ['database', 'workspace']) await driver.ensure(plan, component, signal);
    };
    const claims = () =>
      test.cluster.list<V1PersistentVolumeClaim>(
        { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace },
        signal,
      );

    await driver.prepare(plan.version, signal);
    await ensure();
    const found = await claims();
    expect(found.map(({ status }) => status?.phase)).toEqual(['Bound', 'Bound', 'Bound']);
    expect(new Set(found.map(({ spec }) => spec?.storageClassName))).toEqual(new Set([storageClass]));
    await asRole(postgresAccess(driver, plan), 'grader', 'create table kept as select 42 as x');
    await driver.writeFile(plan, 'workspace', 'notes.txt', new TextEncoder().encode('mine\n'), signal);

    for (const component of ['database', 'workspace']) {
      const { pod } = await subject.podOf(plan.sandboxId, component);
      await test.cluster.remove({ apiVersion: 'v1', kind: 'Pod', namespace, name: pod }, {}, signal);
    }
    const stateOf = async () => Object.values((await driver.observe(plan, signal)).components);
    await expect
      .poll(async () => (await stateOf()).map(({ state }) => state), { timeout: 60_000 })
      .not.toContain('running');
    await ensure();
    expect(await asRole(postgresAccess(driver, plan), 'grader', 'select x from kept')).toEqual([{ x: 42 }]);
    const query = { glob: 'notes.txt', maxFiles: 1, maxBytesEach: 100 };
    const [notes] = await driver.readFiles(plan, 'workspace', query, signal);
    expect(new TextDecoder().decode(notes?.content)).toBe('mine\n');

    await driver.destroy(plan.sandboxId, signal);
    expect(await claims()).toEqual([]);
  });
});
