/** Namespaces of the tests' own, with all that a trainee's has but for one thing. */
import type { V1Namespace } from '@kubernetes/client-node';
import type { OwnCluster } from '../../../src/sandbox/kubernetes/client.ts';

export interface Without {
  readonly podSecurity?: true;
  readonly quotas?: true;
}

const kinds = [
  { apiVersion: 'v1', kind: 'ServiceAccount' },
  { apiVersion: 'v1', kind: 'ResourceQuota' },
  { apiVersion: 'v1', kind: 'LimitRange' },
  { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' },
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role' },
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding' },
];

interface Found {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
}

/** With the labels of its original it is found and removed as that is. */
export async function copyNamespace(
  cluster: OwnCluster,
  original: string,
  name: string,
  without: Without,
  signal: AbortSignal,
): Promise<void> {
  const of = { apiVersion: 'v1', kind: 'Namespace' };
  const there = await cluster.read<V1Namespace>({ ...of, name: original }, signal);
  const all = Object.entries(there?.metadata?.labels ?? {});
  const labels = all.filter(
    ([key]) =>
      key !== 'kubernetes.io/metadata.name' && !(without.podSecurity && key.startsWith('pod-security.')),
  );
  const annotations = there?.metadata?.annotations ?? {};
  await cluster.apply({ ...of, metadata: { name, labels: Object.fromEntries(labels), annotations } }, signal);
  const lists = await Promise.all(
    kinds
      .filter(({ kind }) => !(without.quotas && kind === 'ResourceQuota'))
      .map((each) => cluster.list<Found>({ ...each, namespace: original }, signal)),
  );
  await Promise.all(
    lists.flat().map((object) => {
      const { metadata, ...rest } = withoutStatus(object);
      const { name: own, labels: marks = {} } = metadata;
      return cluster.apply({ ...rest, metadata: { name: own, namespace: name, labels: marks } }, signal);
    }),
  );
}

function withoutStatus(object: Found): Found {
  const { status: _, ...rest } = object as Found & { status?: unknown };
  return rest;
}
