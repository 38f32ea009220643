/**
 * What a namespace is, as hashes of what its objects ask for: without what controllers, the API server and field
 * managers write, and without objects that controllers make. A grading that changes none of it changes nothing.
 */
import type { NamespacesHandle } from '../grading/types.ts';
import type { KubernetesObject } from '../lab/namespaces.ts';
import { kindOf } from '../observers/kubernetes-kinds.ts';
import { isObject } from '../templates/tree.ts';
import type { Json } from '../templates/types.ts';

/** What people and templates make. */
const kinds = [
  ...['ConfigMap', 'PersistentVolumeClaim', 'Pod', 'Secret', 'Service', 'ServiceAccount', 'CronJob', 'Job'],
  ...['DaemonSet', 'Deployment', 'ReplicaSet', 'StatefulSet', 'HorizontalPodAutoscaler', 'Ingress'],
  ...['NetworkPolicy', 'PodDisruptionBudget'],
];
const mostOfAKind = 500;

/** Of `metadata`, what says what an object is meant to be. */
const meant = ['name', 'labels', 'annotations'];
/** Written by controllers on what others made. */
const bookkeeping =
  /^(deployment\.kubernetes\.io\/|pv\.kubernetes\.io\/|volume\.(beta\.)?kubernetes\.io\/|kubectl\.kubernetes\.io\/last-applied)/;

/** `Kind name` → what it asks for, as text. @throws what the cluster says */
export async function namespaceState(
  cluster: NamespacesHandle,
  component: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const kind of kinds) {
    const query = { ...kindOf({ kind }), limit: mostOfAKind };
    for (const object of await cluster.list(component, query, signal)) {
      const metadata = isObject(object.metadata) ? object.metadata : {};
      if (isMade(metadata)) continue;
      found.set(`${kind} ${String(metadata.name)}`, JSON.stringify(settled(lasting(object, metadata))));
    }
  }
  return found;
}

function isMade({ ownerReferences }: { readonly [key: string]: Json }): boolean {
  return (
    Array.isArray(ownerReferences) && ownerReferences.some((one) => isObject(one) && one.controller === true)
  );
}

function lasting(object: KubernetesObject, metadata: { readonly [key: string]: Json }): Json {
  const { status: _, metadata: __, ...rest } = object;
  const kept = Object.fromEntries(meant.map((key) => [key, metadata[key] ?? null]));
  const { annotations } = kept;
  if (!isObject(annotations)) return { ...rest, metadata: kept };
  const own = Object.entries(annotations).filter(([name]) => !bookkeeping.test(name));
  return { ...rest, metadata: { ...kept, annotations: Object.fromEntries(own) } };
}

/** In one order, which the API server is free in, and without what it drew for the object. */
function settled(value: Json): Json {
  if (Array.isArray(value)) return value.filter((one) => !isDrawnVolume(one)).map(settled);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).filter(([key, one]) => !drawn.has(key) || one === 'None');
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => [key, settled(one)]),
  );
}

/** Addresses, places and names that another namespace of the same objects gets otherwise. */
const drawn = new Set([
  ...['clusterIP', 'clusterIPs', 'nodePort', 'healthCheckNodePort', 'volumeName', 'nodeName'],
  ...['controller-uid', 'batch.kubernetes.io/controller-uid'],
]);

const isDrawnVolume = (one: Json): boolean =>
  isObject(one) && typeof one.name === 'string' && one.name.startsWith('kube-api-access-');
