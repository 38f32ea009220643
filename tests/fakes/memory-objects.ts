/** What a cluster makes of objects, as far as looks and steps read it: merges, generations, sets of pods, their status. */
import { createHash } from 'node:crypto';
import type { KubernetesObject } from '../../src/lab/namespaces.ts';
import type { Json } from '../../src/templates/types.ts';

type Fields = { readonly [key: string]: Json };

const isMap = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function mapAt(value: Json | Fields | undefined, ...path: string[]): Fields {
  const found = path.reduce<Json | undefined>(
    (one, key) => (isMap(one) ? one[key] : undefined),
    value as Json,
  );
  return isMap(found) ? found : {};
}

export function textAt(value: Json | Fields, ...path: string[]): string {
  return String(mapAt(value, ...path.slice(0, -1))[path.at(-1) ?? ''] ?? '');
}

/** A strategic merge, in which lists of things with a name are merged by it. */
export function merged(base: Json | Fields | undefined, patch: Json | Fields): Json {
  if (Array.isArray(patch) && Array.isArray(base) && patch.every((one) => mapAt(one).name !== undefined)) {
    const news = patch.filter((one) => !base.some((old) => mapAt(old).name === mapAt(one).name));
    const olds = base.map((old) => {
      const change = patch.find((one) => mapAt(one).name === mapAt(old).name);
      return change === undefined ? old : merged(old, change);
    });
    return [...olds, ...news];
  }
  if (!isMap(patch as Json)) return patch as Json;
  const { $patch, ...fields } = patch as { [key: string]: Json };
  const result: { [key: string]: Json } =
    $patch === 'replace' || !isMap(base as Json) ? {} : { ...(base as Fields) };
  for (const [key, value] of Object.entries(fields)) {
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  }
  return result;
}

const revisionKey = 'deployment.kubernetes.io/revision';
const setKind = 'apps/v1 ReplicaSet ';

/** The object with what its controller adds; the sets and pods of a Deployment are made beside it. */
export function control(
  object: KubernetesObject,
  all: Map<string, KubernetesObject>,
  key: string,
  held: boolean,
): KubernetesObject {
  const old = all.get(key);
  const same = old !== undefined && JSON.stringify(old.spec) === JSON.stringify(object.spec);
  const generation = Number(mapAt(old, 'metadata').generation ?? 0) + (same ? 0 : 1);
  const uid = textAt(old ?? {}, 'metadata', 'uid') || `uid-${key}`;
  const metadata = { ...mapAt(object, 'metadata'), uid, generation };
  const kept: KubernetesObject = { ...object, metadata };
  return object.kind === 'Deployment' ? deployed(kept, all, held) : kept;
}

function deployed(
  object: KubernetesObject,
  all: Map<string, KubernetesObject>,
  held: boolean,
): KubernetesObject {
  const name = textAt(object, 'metadata', 'name');
  const uid = textAt(object, 'metadata', 'uid');
  const template = mapAt(object, 'spec', 'template');
  const hash = createHash('sha256').update(JSON.stringify(template)).digest('hex').slice(0, 8);
  const sets = [...all].filter(([key, set]) => key.startsWith(setKind) && ownerOf(set) === uid);
  const revisions = sets.map(([, set]) => Number(mapAt(set, 'metadata', 'annotations')[revisionKey]));
  const current = all.get(`${setKind}${name}-${hash}`);
  const newest = Math.max(0, ...revisions);
  const own = Number(mapAt(current, 'metadata', 'annotations')[revisionKey] ?? 0);
  const revision = own === newest && own > 0 ? own : newest + 1;
  const labels = { ...mapAt(template, 'metadata', 'labels'), 'pod-template-hash': hash };
  const ownerReferences = [{ kind: 'Deployment', name, uid, controller: true }];
  all.set(`${setKind}${name}-${hash}`, {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: `${name}-${hash}`, ownerReferences, annotations: { [revisionKey]: String(revision) } },
    spec: { template: { ...template, metadata: { ...mapAt(template, 'metadata'), labels } } },
  });
  const replicas = Number(mapAt(object, 'spec').replicas ?? 1);
  if (held)
    return {
      ...object,
      status: { ...mapAt(object, 'status'), observedGeneration: generationOf(object), updatedReplicas: 0 },
    };
  for (const key of [...all.keys()]) if (key.startsWith(`v1 Pod ${name}-`)) all.delete(key);
  for (let nth = 0; nth < replicas; nth += 1) {
    const pod = `${name}-${hash}-${nth}`;
    const metadata = { name: pod, labels };
    all.set(`v1 Pod ${pod}`, { apiVersion: 'v1', kind: 'Pod', metadata, spec: mapAt(template, 'spec') });
  }
  const counts = {
    replicas,
    updatedReplicas: replicas,
    availableReplicas: replicas,
    readyReplicas: replicas,
  };
  return { ...object, status: { observedGeneration: generationOf(object), ...counts } };
}

const generationOf = (object: KubernetesObject): number => Number(mapAt(object, 'metadata').generation);

function ownerOf(set: KubernetesObject): string {
  const owners = mapAt(set, 'metadata').ownerReferences;
  return Array.isArray(owners) ? textAt(owners[0] ?? {}, 'uid') : '';
}
