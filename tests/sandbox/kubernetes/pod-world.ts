/** One pod of a test's own, in a namespace of its own. */
import { setTimeout as delay } from 'node:timers/promises';
import type { V1Namespace, V1Pod } from '@kubernetes/client-node';
import { label } from '../../../src/sandbox/kubernetes/labels.ts';
import { startTestCluster, type TestCluster } from '../../support/kubernetes.ts';

export interface PodWorld extends TestCluster {
  readonly at: { readonly namespace: string; readonly pod: string; readonly container: string };
}

/** @param argv what its container runs; it runs when this returns. */
export async function startPodWorld(image: string, argv: readonly string[]): Promise<PodWorld> {
  const world = startTestCluster();
  const { cluster, installationId } = world;
  const signal = AbortSignal.timeout(120_000);
  const at = { namespace: installationId, pod: 'one', container: 'main' };
  const labels = { [label.installation]: installationId };
  await cluster.create<V1Namespace>(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: at.namespace, labels } },
    signal,
  );
  await cluster.create<V1Pod>(
    {
      ...{ apiVersion: 'v1', kind: 'Pod' },
      metadata: { name: at.pod, namespace: at.namespace, labels },
      spec: {
        ...{ automountServiceAccountToken: false, terminationGracePeriodSeconds: 0 },
        securityContext: { runAsUser: 999, runAsGroup: 999, runAsNonRoot: true },
        containers: [{ name: at.container, image, imagePullPolicy: 'IfNotPresent', command: [...argv] }],
      },
    },
    signal,
  );
  for (;;) {
    const pod = await cluster.read<V1Pod>(
      { apiVersion: 'v1', kind: 'Pod', namespace: at.namespace, name: at.pod },
      signal,
    );
    if (pod?.status?.containerStatuses?.[0]?.state?.running !== undefined) return { ...world, at };
    await delay(50, undefined, { signal });
  }
}
