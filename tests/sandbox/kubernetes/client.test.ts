import { setTimeout as delay } from 'node:timers/promises';
import type { V1ConfigMap, V1Pod } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCluster } from '../../../src/sandbox/kubernetes/client.ts';
import { statusOf } from '../../../src/sandbox/kubernetes/errors.ts';
import { componentMeta } from '../../../src/sandbox/kubernetes/labels.ts';
import { createPodCache } from '../../../src/sandbox/kubernetes/pod-cache.ts';
import { createSpaces } from '../../../src/sandbox/kubernetes/spaces.ts';
import type { PodCache } from '../../../src/sandbox/kubernetes/types.ts';
import {
  kubernetesMissing,
  requireKubernetes,
  silentLog,
  startTestCluster,
  type TestCluster,
} from '../../support/kubernetes.ts';
import { startApiProxy } from './api-proxy.ts';
import { planOf } from './plans.ts';

describe('a cluster', () => {
  requireKubernetes();

  describe.skipIf(kubernetesMissing !== null)('that answers', () => {
    let test: TestCluster;
    let namespace: string;
    const signal = () => AbortSignal.timeout(60_000);
    const map = (name: string, data: Record<string, string>) => ({
      ...{ apiVersion: 'v1', kind: 'ConfigMap', data },
      metadata: { name, namespace },
    });
    const named = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', namespace, name });

    beforeAll(async () => {
      test = startTestCluster();
      const { cluster, installationId } = test;
      const spaces = createSpaces({ cluster, installationId, own: null });
      await spaces.ensure(planOf('client'), signal());
      namespace = spaces.controlOf('client');
    }, 60_000);
    afterAll(() => test?.stop(), 120_000);

    it('reads, creates, applies, patches and removes objects', async () => {
      const { cluster } = test;
      expect(await cluster.read(named('one'), signal())).toBeNull();
      expect(await cluster.create(map('one', { a: '1' }), signal())).toMatchObject({ data: { a: '1' } });
      expect(await cluster.create(map('one', { a: '2' }), signal())).toBeNull();
      await cluster.apply(map('one', { b: '3' }), signal());
      const patched = await cluster.patch<V1ConfigMap>(
        named('one'),
        { data: { a: null, c: '4' } },
        { type: 'merge' },
        signal(),
      );
      expect(patched.data).toEqual({ b: '3', c: '4' });
      await cluster.remove(named('one'), {}, signal());
      await cluster.remove(named('one'), {}, signal());
      expect(await cluster.read(named('one'), signal())).toBeNull();
    });

    it('lists what a selector chooses, with kind and version', async () => {
      const { cluster } = test;
      const at = { metadata: { name: 'chosen', namespace, labels: { pick: 'me' } } };
      await cluster.create({ ...map('chosen', {}), ...at }, signal());
      const of = { apiVersion: 'v1', kind: 'ConfigMap', namespace, selector: 'pick=me' };
      expect(await cluster.list(of, signal())).toMatchObject([
        { apiVersion: 'v1', kind: 'ConfigMap', ...at },
      ]);
      expect(await cluster.list({ ...of, selector: 'pick=nobody' }, signal())).toEqual([]);
    });

    it('finds kinds that it does not know by asking', async () => {
      const of = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace: 'kube-node-lease' };
      expect((await test.cluster.list(of, signal())).length).toBeGreaterThan(0);
      await expect(test.cluster.list({ ...of, kind: 'Dragon' }, signal())).rejects.toMatchObject({
        code: 'validation_failed',
        message: expect.stringContaining('Dragon'),
      });
    });

    it('says what is wrong with an object', async () => {
      const bad = { ...map('Not A Name', {}) };
      await expect(test.cluster.create(bad, signal())).rejects.toMatchObject({
        code: 'validation_failed',
        message: expect.stringContaining('metadata.name'),
      });
    });

    it("names the permission that is missing, and tells a trainee's refusal from ours", async () => {
      const { token, expiresAt } = await test.cluster.token({ namespace, name: 'lab' }, 600, signal());
      expect(expiresAt.getTime()).toBeGreaterThan(Date.now());
      const asked = test.cluster.as(token).list({ apiVersion: 'v1', kind: 'Pod', namespace }, signal());
      await expect(asked).rejects.toMatchObject({ code: 'object_denied' });

      const own = test.cluster.as(token).config;
      const without = createCluster(own);
      await expect(without.create(map('two', {}), signal())).rejects.toMatchObject({
        code: 'backend_unavailable',
        message: expect.stringMatching(/create configmaps in namespace \S+.*ClusterRole/),
      });
      without.close();
    });

    it('does not take a token that is no good for a missing object', async () => {
      const wrong = test.cluster.as('not-a-token').read(named('one'), signal());
      await expect(wrong).rejects.toMatchObject({ code: 'object_denied' });
      const ours = createCluster(test.cluster.as('not-a-token').config);
      await expect(ours.read(named('one'), signal())).rejects.toMatchObject({
        code: 'backend_unavailable',
        message: expect.stringContaining('credentials'),
      });
      ours.close();
    });

    it('says that a quota is used up', async () => {
      const quota = {
        ...{ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'few', namespace } },
        spec: { hard: { 'count/configmaps': '0' } },
      };
      await test.cluster.apply(quota, signal());
      const effort = async () => {
        // The controller counts first what is there.
        for (;;) {
          await test.cluster.create(map(`n${Math.random()}`.replace('.', ''), {}), signal());
          await delay(50);
        }
      };
      await expect(effort()).rejects.toMatchObject({
        code: 'backend_busy',
        message: expect.stringContaining('quota'),
      });
      await test.cluster.remove({ ...quota, namespace, name: 'few' }, {}, signal());
    });

    describe('behind a proxy that fails', () => {
      it.each([429, 500, 503])('tries again after %i', async (status) => {
        const proxy = await startApiProxy(test.cluster.config);
        proxy.failNext(2, status);
        const cluster = createCluster(proxy.config);
        expect(await cluster.read(named('nothing'), signal())).toBeNull();
        expect(proxy.failed()).toBe(2);
        cluster.close();
        await proxy.close();
      });

      it('waits for as long as Retry-After says', async () => {
        const proxy = await startApiProxy(test.cluster.config);
        proxy.failNext(1, 429, { 'retry-after': '1' });
        const cluster = createCluster(proxy.config);
        const start = performance.now();
        await cluster.read(named('nothing'), signal());
        expect(performance.now() - start).toBeGreaterThanOrEqual(1_000);
        cluster.close();
        await proxy.close();
      });

      it('gives up after some efforts, and at once with its caller', async () => {
        const proxy = await startApiProxy(test.cluster.config);
        proxy.failNext(1_000, 503);
        const cluster = createCluster(proxy.config);
        const error = await cluster.read(named('nothing'), signal()).catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ code: 'backend_unavailable' });
        expect(statusOf(error)).toBe(503);
        proxy.failNext(1_000, 429, { 'retry-after': '20' });
        const start = performance.now();
        await expect(cluster.read(named('nothing'), AbortSignal.timeout(300))).rejects.toThrow('timeout');
        expect(performance.now() - start).toBeLessThan(10_000);
        cluster.close();
        await proxy.close();
      });

      it('survives a connection that is cut', async () => {
        const proxy = await startApiProxy(test.cluster.config);
        proxy.cutNext(1);
        const cluster = createCluster(proxy.config);
        expect(await cluster.read(named('nothing'), signal())).toBeNull();
        cluster.close();
        await proxy.close();
      });

      it('says where it looked when nothing listens there', async () => {
        const proxy = await startApiProxy(test.cluster.config);
        const cluster = createCluster(proxy.config);
        await proxy.close();
        await expect(cluster.read(named('nothing'), signal())).rejects.toMatchObject({
          code: 'backend_unavailable',
          message: expect.stringContaining(proxy.url),
        });
        cluster.close();
      });
    });

    describe('whose pods are watched', () => {
      const pod = (name: string) => {
        const { installationId } = test;
        const facts = { sandboxId: 'client', component: name, generation: 1, role: 'component' } as const;
        const meta = componentMeta(installationId, { ...facts, createdAt: new Date() });
        return {
          ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, ...meta } },
          spec: {
            serviceAccountName: 'lab',
            terminationGracePeriodSeconds: 0,
            restartPolicy: 'Never',
            securityContext: {
              runAsNonRoot: true,
              runAsUser: 999,
              seccompProfile: { type: 'RuntimeDefault' },
            },
            containers: [
              {
                ...{ name, image: 'busybox:1', command: ['sleep', '600'], imagePullPolicy: 'IfNotPresent' },
                securityContext: {
                  allowPrivilegeEscalation: false,
                  capabilities: { drop: ['ALL'] },
                },
              },
            ],
          },
        };
      };
      const phase = async (cache: PodCache, name: string) => {
        const found = await cache.of(namespace, signal());
        return found.find(({ metadata }) => metadata?.name === name)?.status?.phase ?? null;
      };
      async function until(cache: PodCache, met: () => Promise<boolean>): Promise<void> {
        for (const limit = signal(); !(await met()); ) await cache.changed(namespace, 5_000, limit);
      }

      it('knows what it wrote at once, what came later, and that it is gone', async () => {
        const cache = createPodCache({ ...test, log: silentLog });
        expect(await cache.of(namespace, signal())).toEqual([]);
        const made = await test.cluster.create<V1Pod>(pod('watched') as V1Pod, signal());
        if (made !== null) cache.learn(made);
        expect(await phase(cache, 'watched')).toBe('Pending');
        await until(cache, async () => (await phase(cache, 'watched')) === 'Running');
        if (made !== null) cache.learn(made);
        expect(await phase(cache, 'watched')).toBe('Running');
        const trouble: string[] = [];
        cache.onTrouble((sandboxId) => void trouble.push(sandboxId));
        await test.cluster.remove({ ...pod('watched'), namespace, name: 'watched' }, {}, signal());
        await until(cache, async () => (await phase(cache, 'watched')) === null);
        if (made !== null) cache.learn(made);
        expect(await phase(cache, 'watched')).toBeNull();
        expect(new Set(trouble)).toEqual(new Set(['client']));
        await cache.close();
      });

      it('lists again when the watch is too old, was cut, or is refused', async () => {
        const proxy = await startApiProxy(test.cluster.config);
        const cluster = createCluster(proxy.config);
        const cache = createPodCache({ cluster, installationId: test.installationId, log: silentLog });
        await cache.of(namespace, signal());
        for (const harm of ['gone', 'cut', 'refused'] as const) {
          const name = `after-${harm}`;
          if (harm === 'gone') proxy.failNext(1, 410);
          if (harm === 'refused') proxy.failNext(2, 500);
          proxy.cutAll();
          await test.cluster.create(pod(name), signal());
          await until(cache, async () => (await phase(cache, name)) !== null);
        }
        await cache.close();
        cluster.close();
        await proxy.close();
      });

      it('does not tell old news while the cluster does not answer', async () => {
        const proxy = await startApiProxy(test.cluster.config);
        const cluster = createCluster(proxy.config);
        const cache = createPodCache({ cluster, installationId: test.installationId, log: silentLog });
        await cache.of(namespace, signal());
        await proxy.close();
        const asked = async () => {
          for (;;) {
            await cache.of(namespace, signal());
            await delay(20);
          }
        };
        await expect(asked()).rejects.toMatchObject({ code: 'backend_unavailable' });
        await cache.close();
        cluster.close();
      });
    });
  });
});
