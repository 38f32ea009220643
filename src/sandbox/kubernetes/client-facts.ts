/** What a cluster can do for labs, asked once and for people. Nothing is changed in it. */
import type { V1Namespace, V1Node, V1SelfSubjectAccessReview } from '@kubernetes/client-node';
import { createCluster, type OwnCluster } from './client.ts';
import { type ClusterChoice, loadKubeConfig } from './client-config.ts';
import { permissions } from './client-permissions.ts';
import { statusOf } from './errors.ts';
import { label } from './labels.ts';

export interface ClusterFacts {
  readonly url: string;
  /** Such as `v1.34.4`. */
  readonly version: string;
  /** Of two numbers: `1.34`. */
  readonly minor: number;
  /** Such as `create pods/exec`, those that we have not. */
  readonly missing: readonly string[];
  /** Null: it may not be asked. */
  readonly nodes: readonly NodeFacts[] | null;
  /** Whether the standard `restricted` is held to; null: no namespace of a lab is there to try it in. */
  readonly podSecurity: boolean | null;
  /** Those asked for that the cluster has not. */
  readonly classes: { readonly storage: boolean; readonly runtime: boolean };
}

export interface NodeFacts {
  readonly name: string;
  readonly isReady: boolean;
  /** Names of images that it has; a node tells of the largest only. */
  readonly images: readonly string[];
}

export interface FactsOptions extends ClusterChoice {
  readonly storageClass: string | null;
  readonly runtimeClass: string | null;
}

/** Throws LabError `backend_unavailable`. */
export async function readClusterFacts(options: FactsOptions, signal: AbortSignal): Promise<ClusterFacts> {
  const cluster = createCluster(loadKubeConfig(options));
  try {
    const version = await cluster.get<{ readonly gitVersion: string; readonly minor: string }>(
      '/version',
      signal,
    );
    const { storageClass, runtimeClass } = options;
    const [missing, nodes, podSecurity, storage, runtime] = await Promise.all([
      missingPermissions(cluster, signal),
      readNodes(cluster, signal),
      triesPodSecurity(cluster, signal),
      has(cluster, '/apis/storage.k8s.io/v1/storageclasses/', storageClass, signal),
      has(cluster, '/apis/node.k8s.io/v1/runtimeclasses/', runtimeClass, signal),
    ]);
    return {
      ...{ url: cluster.url, version: version.gitVersion, minor: Number.parseInt(version.minor, 10) },
      ...{ missing, nodes, podSecurity, classes: { storage, runtime } },
    };
  } finally {
    cluster.close();
  }
}

async function missingPermissions(cluster: OwnCluster, signal: AbortSignal): Promise<readonly string[]> {
  const all = permissions.flatMap(({ group, resource, verbs, name }) =>
    verbs.map((verb) => ({ group, resource, verb, name })),
  );
  const answers = await Promise.all(
    all.map(async ({ group, resource, verb, name }) => {
      const [plural, subresource] = resource.split('/');
      const review: Partial<V1SelfSubjectAccessReview> & { metadata: { name: string } } = {
        ...{ apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', metadata: { name: '' } },
        spec: {
          resourceAttributes: {
            ...{ group, verb },
            ...(plural === undefined ? {} : { resource: plural }),
            ...(subresource === undefined ? {} : { subresource }),
            ...(name === undefined ? {} : { name }),
          },
        },
      };
      const answer = await cluster.create(review, signal);
      const text = `${verb} ${resource}${group === '' ? '' : ` (${group})`}`;
      return answer?.status?.allowed === true ? [] : [text];
    }),
  );
  return answers.flat();
}

async function readNodes(cluster: OwnCluster, signal: AbortSignal): Promise<readonly NodeFacts[] | null> {
  try {
    const nodes = await cluster.list<V1Node>({ apiVersion: 'v1', kind: 'Node' }, signal);
    return nodes.map(({ metadata, status }) => ({
      name: metadata?.name ?? '',
      isReady: status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') === true,
      images: (status?.images ?? []).flatMap(({ names }) => names ?? []),
    }));
  } catch (thrown) {
    if (statusOf(thrown) === 403) return null;
    throw thrown;
  }
}

/** By a pod that must be refused, which is not made in any case. */
async function triesPodSecurity(cluster: OwnCluster, signal: AbortSignal): Promise<boolean | null> {
  try {
    const of = { apiVersion: 'v1', kind: 'Namespace', selector: `${label.space}=control`, limit: 1 };
    const [space] = await cluster.list<V1Namespace>(of, signal);
    const namespace = space?.metadata?.name;
    if (namespace === undefined) return null;
    return await cluster.wouldRefuse(
      {
        ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'labwright-doctor', namespace } },
        spec: { hostPID: true, containers: [{ name: 'main', image: 'none' }] },
      },
      signal,
    );
  } catch (thrown) {
    if (statusOf(thrown) === 403) return null;
    throw thrown;
  }
}

async function has(
  cluster: OwnCluster,
  path: string,
  name: string | null,
  signal: AbortSignal,
): Promise<boolean> {
  if (name === null) return true;
  try {
    await cluster.get(path + encodeURIComponent(name), signal);
    return true;
  } catch (thrown) {
    // Who may not look is not told that it is not there.
    if (statusOf(thrown) === 403) return true;
    if (statusOf(thrown) === 404) return false;
    throw thrown;
  }
}
