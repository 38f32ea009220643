import type { V1Namespace } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSpaces } from '../../../src/sandbox/kubernetes/spaces.ts';
import type { Spaces } from '../../../src/sandbox/kubernetes/types.ts';
import {
  kubernetesMissing,
  requireKubernetes,
  startTestCluster,
  type TestCluster,
} from '../../support/kubernetes.ts';
import { planOf } from './plans.ts';

describe('spaces', () => {
  requireKubernetes();

  describe.skipIf(kubernetesMissing !== null)('on the cluster', () => {
    let test: TestCluster;
    let spaces: Spaces;
    const signal = () => AbortSignal.timeout(60_000);

    beforeAll(() => {
      test = startTestCluster();
      spaces = createSpaces({ cluster: test.cluster, installationId: test.installationId, own: null });
    });
    afterAll(() => test?.stop(), 120_000);

    it('makes the control namespace whole, once for all who ask', async () => {
      const plan = planOf('one');
      await Promise.all([spaces.ensure(plan, signal()), spaces.ensure(plan, signal())]);
      const namespace = spaces.controlOf('one');
      for (const [apiVersion, kind, names] of [
        ['v1', 'ResourceQuota', ['lab']],
        ['v1', 'LimitRange', ['lab']],
        ['v1', 'ServiceAccount', ['default', 'lab']],
        ['networking.k8s.io/v1', 'NetworkPolicy', ['databases-in', 'databases-out', 'default-deny', 'lab']],
      ] as const) {
        const found = await test.cluster.list<V1Namespace>({ apiVersion, kind, namespace }, signal());
        const own = found.map(({ metadata }) => metadata?.name).filter((name) => name !== 'kube-root-ca.crt');
        expect(own.sort()).toEqual(names);
      }
    });

    it('repairs what was deleted by hand', async () => {
      const plan = planOf('repaired');
      await spaces.ensure(plan, signal());
      const name = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', name: 'default-deny' };
      const policy = { ...name, namespace: spaces.controlOf('repaired') };
      await test.cluster.remove(policy, {}, signal());
      // Another Labwright process, or this one a minute later, does not take the namespace's word for it.
      const { cluster, installationId } = test;
      await createSpaces({ cluster, installationId, own: null }).ensure(plan, signal());
      expect(await test.cluster.read(policy, signal())).not.toBeNull();
    });

    it('keeps when a namespace was first made', async () => {
      const plan = planOf('kept');
      await spaces.ensure(plan, signal());
      const read = () =>
        test.cluster.read<V1Namespace>(
          { apiVersion: 'v1', kind: 'Namespace', name: spaces.controlOf('kept') },
          signal(),
        );
      const before = (await read())?.metadata?.annotations;
      const { cluster, installationId } = test;
      await createSpaces({ cluster, installationId, own: null }).ensure(plan, signal());
      expect((await read())?.metadata?.annotations).toEqual(before);
    });

    it('waits for one that is being removed', async () => {
      const plan = planOf('going');
      await spaces.ensure(plan, signal());
      const name = spaces.controlOf('going');
      await test.cluster.remove({ apiVersion: 'v1', kind: 'Namespace', name }, {}, signal());
      await expect(spaces.ensure(plan, signal())).rejects.toMatchObject({
        code: 'backend_unavailable',
        message: expect.stringContaining(name),
      });
    });
  });
});
