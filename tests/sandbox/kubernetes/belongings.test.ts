import type { V1Namespace } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Belongings, createBelongings } from '../../../src/sandbox/kubernetes/belongings.ts';
import { createSpaces } from '../../../src/sandbox/kubernetes/spaces.ts';
import type { Spaces } from '../../../src/sandbox/kubernetes/types.ts';
import {
  kubernetesMissing,
  requireKubernetes,
  startTestCluster,
  type TestCluster,
} from '../../support/kubernetes.ts';
import { planOf } from './plans.ts';

describe('what sandboxes have in a cluster', () => {
  requireKubernetes();

  describe.skipIf(kubernetesMissing !== null)('on the cluster', () => {
    let test: TestCluster;
    let spaces: Spaces;
    let belongings: Belongings;
    const signal = () => AbortSignal.timeout(90_000);

    beforeAll(() => {
      test = startTestCluster();
      const { cluster, installationId } = test;
      spaces = createSpaces({ cluster, installationId, own: null });
      belongings = createBelongings(cluster, installationId);
    });
    afterAll(() => test?.stop(), 120_000);

    it('is listed by sandbox, and gone once it was removed', async () => {
      const ids = ['one', 'An id that is no label'];
      await Promise.all([
        ...ids.map((id) => spaces.ensure(planOf(id), signal())),
        spaces.ensureShared(signal()),
      ]);
      const listed = await belongings.list(signal());
      expect(listed.map(({ sandboxId }) => sandboxId).sort()).toEqual([...ids].sort());
      for (const { createdAt } of listed) expect(createdAt.getTime()).toBeLessThanOrEqual(Date.now());
      await Promise.all(ids.map((id) => belongings.remove(id, signal())));
      expect(await belongings.list(signal())).toEqual([]);
      expect(await test.count()).toEqual({ namespaces: 0, volumes: 0 });
      await belongings.remove('one', signal());
    });

    it('goes with what all labs share where nothing comes after it', async () => {
      await Promise.all([spaces.ensure(planOf('stays'), signal()), spaces.ensureShared(signal())]);
      const shared = { apiVersion: 'v1', kind: 'Namespace', name: spaces.shared };
      await belongings.removeShared(signal());
      const isGoing = async () => {
        const there = await test.cluster.read<V1Namespace>(shared, signal());
        return there === null || there.metadata?.deletionTimestamp !== undefined;
      };
      expect(await isGoing()).toBe(true);
      expect((await belongings.list(signal())).map(({ sandboxId }) => sandboxId)).toEqual(['stays']);
      await belongings.remove('stays', signal());
    });

    it('leaves those of another installation alone', async () => {
      await spaces.ensure(planOf('mine'), signal());
      const other = createBelongings(test.cluster, `${test.installationId}-other`);
      await other.remove('mine', signal());
      expect(await other.list(signal())).toEqual([]);
      expect((await belongings.list(signal())).map(({ sandboxId }) => sandboxId)).toEqual(['mine']);
      await belongings.remove('mine', signal());
    });

    it('says which finalizer holds a namespace, and ends it once that is gone', async () => {
      await spaces.ensure(planOf('stuck'), signal());
      const namespace = spaces.controlOf('stuck');
      const held = {
        ...{ apiVersion: 'v1', kind: 'ConfigMap' },
        metadata: { name: 'held', namespace, finalizers: ['example.org/keep-me'] },
      };
      await test.cluster.create(held, signal());
      const impatient = createBelongings(test.cluster, test.installationId, 8_000);
      await expect(impatient.remove('stuck', signal())).rejects.toMatchObject({
        code: 'backend_unavailable',
        message: expect.stringContaining('example.org/keep-me'),
      });
      // Still ours, so that it is tried again.
      expect((await belongings.list(signal())).map(({ sandboxId }) => sandboxId)).toEqual(['stuck']);
      const name = { apiVersion: 'v1', kind: 'ConfigMap', namespace, name: 'held' };
      await test.cluster.patch(name, { metadata: { finalizers: null } }, { type: 'merge' }, signal());
      await belongings.remove('stuck', signal());
    });
  });
});
