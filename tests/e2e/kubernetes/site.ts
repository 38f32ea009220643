/** Labwright with labs in a cluster, and what the cluster has of them. */
import type { V1Pod } from '@kubernetes/client-node';
import { label, selectorOf } from '../../../src/sandbox/kubernetes/labels.ts';
import { createNames, labelValue } from '../../../src/sandbox/kubernetes/names.ts';
import { ensureClusterImages } from '../../support/cluster-images.ts';
import { driverKubeconfigPath, startTestCluster } from '../../support/kubernetes.ts';
import { startLabSite } from '../lab-site.ts';

export type Site = Awaited<ReturnType<typeof startSite>>;

/** A cluster and a machine that others use as well. */
export const patienceMs = 240_000;

/** Give the hook `imagesTimeoutMs`. */
export async function startSite(env: Readonly<Record<string, string>> = {}) {
  await ensureClusterImages();
  const site = await startLabSite({
    settings: {
      BACKENDS: 'kubernetes',
      ...(driverKubeconfigPath === null ? {} : { KUBECONFIG: driverKubeconfigPath }),
      ...env,
    },
    patienceMs,
    open: startTestCluster,
  });
  const { test, installationId, sandboxOf } = site;
  const names = createNames(installationId);
  const signal = () => AbortSignal.timeout(60_000);

  const namespaceOf = async (lab: string) => names.controlOf(await sandboxOf(lab));

  async function podsOf(lab: string): Promise<readonly V1Pod[]> {
    const namespace = await namespaceOf(lab);
    const of = { apiVersion: 'v1', kind: 'Pod', namespace, selector: selectorOf(installationId) };
    return test.cluster.list<V1Pod>(of, signal());
  }

  async function podOf(lab: string, component: string): Promise<V1Pod | null> {
    const found = await podsOf(lab);
    const wanted = labelValue(component);
    return found.find(({ metadata }) => metadata?.labels?.[label.component] === wanted) ?? null;
  }

  return {
    ...site,
    podOf,
    /** Components whose pods run and are not about to end. */
    async running(lab: string): Promise<readonly string[]> {
      const found = await podsOf(lab);
      return found
        .filter(({ metadata, status }) => status?.phase === 'Running' && !metadata?.deletionTimestamp)
        .map(({ metadata }) => metadata?.labels?.[label.component] ?? '');
    },
    /** Deletes a component's pod by hand. */
    async deletePod(lab: string, component: string): Promise<void> {
      const { namespace = '', name = '' } = (await podOf(lab, component))?.metadata ?? {};
      if (name === '') throw new Error(`lab ${lab} has no pod of ${component}`);
      await test.cluster.remove(
        { apiVersion: 'v1', kind: 'Pod', namespace, name },
        { graceSeconds: 0 },
        signal(),
      );
    },
    /** Deletes all objects of some kinds in the lab's own namespace. */
    async deleteAll(lab: string, kinds: readonly (readonly [string, string])[]): Promise<void> {
      const namespace = await namespaceOf(lab);
      for (const [apiVersion, kind] of kinds) {
        const of = { apiVersion, kind, namespace };
        for (const { metadata } of await test.cluster.list<V1Pod>(of, signal())) {
          await test.cluster.remove({ ...of, name: metadata?.name ?? '' }, {}, signal());
        }
      }
    },
    async deleteNamespace(lab: string): Promise<void> {
      const name = await namespaceOf(lab);
      await test.cluster.remove({ apiVersion: 'v1', kind: 'Namespace', name }, {}, signal());
    },
  };
}
