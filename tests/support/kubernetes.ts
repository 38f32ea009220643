/** The real cluster in tests: whether there is one, and what an installation of a test has in it. */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { V1Namespace, V1PersistentVolume, V1Pod } from '@kubernetes/client-node';
import { expect, it } from 'vitest';
import type { Log } from '../../src/lab/log.ts';
import { createCluster, type OwnCluster } from '../../src/sandbox/kubernetes/client.ts';
import { loadKubeConfig } from '../../src/sandbox/kubernetes/client-config.ts';
import { selectorOf } from '../../src/sandbox/kubernetes/labels.ts';

/** Null: as Labwright itself looks for one. */
export const kubeconfigPath: string | null = process.env.KUBECONFIG || null;

export const driverKubeconfigVariable = 'LABWRIGHT_TEST_DRIVER_KUBECONFIG';
/** As whom Labwright is in the cluster; what a test does beside it, it does as whoever runs it. */
export const driverKubeconfigPath: string | null = process.env[driverKubeconfigVariable] ?? kubeconfigPath;

/** Null: a cluster answers. Asked when tests are collected. */
export const kubernetesMissing: string | null = await whyMissing();

async function whyMissing(): Promise<string | null> {
  try {
    const cluster = createCluster(loadKubeConfig({ kubeconfig: kubeconfigPath, context: null }));
    await cluster.get('/version', AbortSignal.timeout(20_000));
    cluster.close();
    return null;
  } catch (thrown) {
    return `no Kubernetes answers (${(thrown as Error).message.slice(0, 300)})`;
  }
}

/** A suite's first test: says loudly that nothing is tried without a cluster, and fails there when all must be. */
export function requireKubernetes(): void {
  it('has a Kubernetes cluster to try', (context) => {
    if (kubernetesMissing === null) return;
    const why = `${kubernetesMissing}, so nothing was tried on Kubernetes`;
    expect(process.env.LABWRIGHT_REQUIRE_ALL, `LABWRIGHT_REQUIRE_ALL=1, and ${why}`).not.toBe('1');
    console.warn(`SKIPPED: ${why}.`);
    context.skip(why);
  });
}

const nothing = () => {};
export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

export interface TestCluster {
  readonly cluster: OwnCluster;
  /** Of this test alone. */
  readonly installationId: string;
  /** Everything of sandboxes of this installation, by kind; what all of its labs share is none of it. */
  count(): Promise<Readonly<Record<string, number>>>;
  pods(): Promise<readonly V1Pod[]>;
  /** Removes all of this installation; returns when it is gone. */
  stop(): Promise<void>;
}

export function startTestCluster(installationId = `test-${randomBytes(8).toString('hex')}`): TestCluster {
  const cluster = createCluster(loadKubeConfig({ kubeconfig: kubeconfigPath, context: null }));
  const selector = selectorOf(installationId);
  const signal = () => AbortSignal.timeout(120_000);
  const list = <T extends object>(kind: string, more = '') =>
    cluster.list<T>({ apiVersion: 'v1', kind, selector: selector + more }, signal());
  const notShared = ',labwright.dev/space!=shared';

  return {
    cluster,
    installationId,
    async count() {
      const [namespaces, volumes] = await Promise.all([
        list<V1Namespace>('Namespace', notShared),
        list<V1PersistentVolume>('PersistentVolume'),
      ]);
      return { namespaces: namespaces.length, volumes: volumes.length };
    },
    pods: () => list<V1Pod>('Pod'),
    async stop() {
      for (const kind of ['Namespace', 'PersistentVolume']) {
        const found = await list<V1Namespace>(kind);
        await Promise.all(
          found.map(({ metadata }) =>
            cluster.remove({ apiVersion: 'v1', kind, name: metadata?.name ?? '' }, {}, signal()),
          ),
        );
      }
      for (const limit = signal(); (await list('Namespace')).length > 0; ) {
        await delay(250, undefined, { signal: limit });
      }
      cluster.close();
    },
  };
}
