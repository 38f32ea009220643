import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSpaces } from '../../../src/sandbox/kubernetes/spaces.ts';
import { createFences, type Fences } from '../../../src/sandbox/kubernetes/spaces-fences.ts';
import {
  kubernetesMissing,
  requireKubernetes,
  startTestCluster,
  type TestCluster,
} from '../../support/kubernetes.ts';
import { planOf } from './plans.ts';

describe('fences', () => {
  requireKubernetes();

  describe.skipIf(kubernetesMissing !== null)('on the cluster', () => {
    const plan = planOf('fenced');
    let test: TestCluster;
    let fences: Fences;
    let namespace: string;
    const signal = () => AbortSignal.timeout(60_000);
    const services = () =>
      test.cluster.list({ apiVersion: 'v1', kind: 'Service', namespace }, signal()).then((all) => all.length);

    beforeAll(async () => {
      test = startTestCluster();
      const { cluster, installationId } = test;
      const spaces = createSpaces({ cluster, installationId, own: null });
      fences = createFences({ cluster, spaces, installationId, policiesOf: () => [], everyMs: 0 });
      namespace = spaces.controlOf(plan.sandboxId);
      await spaces.ensure(plan, signal());
    }, 60_000);
    afterAll(() => test?.stop(), 120_000);

    it('misses no Service of a component that is yet to be made', async () => {
      expect(await fences.look(plan, ['database'], signal())).toEqual(['database']);
      await fences.restore(plan, 'api', signal());
      expect(await services()).toBe(0);
    });

    it('makes the Service of one that serves again', async () => {
      expect(await fences.look(plan, ['database'], signal())).toEqual(['database']);
      await fences.restore(plan, 'database', signal());
      expect(await fences.look(plan, ['database'], signal())).toEqual([]);
      expect(await services()).toBe(1);
    });
  });
});
