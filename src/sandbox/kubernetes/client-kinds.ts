/** Where objects of a kind are in the API: from a table, and by asking the cluster for a kind that is not in it. */
import type { KindOf } from './types.ts';

export interface Resource {
  /** As the API names it: `pods`. */
  readonly plural: string;
  readonly namespaced: boolean;
}

export interface ResourceList {
  readonly resources?: readonly {
    readonly name: string;
    readonly kind: string;
    readonly namespaced: boolean;
  }[];
}

const known: Readonly<Record<string, Resource>> = {
  'v1/Namespace': { plural: 'namespaces', namespaced: false },
  'v1/Node': { plural: 'nodes', namespaced: false },
  'v1/PersistentVolume': { plural: 'persistentvolumes', namespaced: false },
  'v1/Pod': { plural: 'pods', namespaced: true },
  'v1/Service': { plural: 'services', namespaced: true },
  'v1/Endpoints': { plural: 'endpoints', namespaced: true },
  'v1/Event': { plural: 'events', namespaced: true },
  'v1/Secret': { plural: 'secrets', namespaced: true },
  'v1/ConfigMap': { plural: 'configmaps', namespaced: true },
  'v1/ServiceAccount': { plural: 'serviceaccounts', namespaced: true },
  'v1/PersistentVolumeClaim': { plural: 'persistentvolumeclaims', namespaced: true },
  'v1/ResourceQuota': { plural: 'resourcequotas', namespaced: true },
  'v1/LimitRange': { plural: 'limitranges', namespaced: true },
  'apps/v1/Deployment': { plural: 'deployments', namespaced: true },
  'apps/v1/ReplicaSet': { plural: 'replicasets', namespaced: true },
  'apps/v1/StatefulSet': { plural: 'statefulsets', namespaced: true },
  'apps/v1/DaemonSet': { plural: 'daemonsets', namespaced: true },
  'apps/v1/ControllerRevision': { plural: 'controllerrevisions', namespaced: true },
  'batch/v1/Job': { plural: 'jobs', namespaced: true },
  'batch/v1/CronJob': { plural: 'cronjobs', namespaced: true },
  'autoscaling/v2/HorizontalPodAutoscaler': { plural: 'horizontalpodautoscalers', namespaced: true },
  'policy/v1/PodDisruptionBudget': { plural: 'poddisruptionbudgets', namespaced: true },
  'networking.k8s.io/v1/NetworkPolicy': { plural: 'networkpolicies', namespaced: true },
  'networking.k8s.io/v1/Ingress': { plural: 'ingresses', namespaced: true },
  'discovery.k8s.io/v1/EndpointSlice': { plural: 'endpointslices', namespaced: true },
  'events.k8s.io/v1/Event': { plural: 'events', namespaced: true },
  'rbac.authorization.k8s.io/v1/Role': { plural: 'roles', namespaced: true },
  'rbac.authorization.k8s.io/v1/RoleBinding': { plural: 'rolebindings', namespaced: true },
  'rbac.authorization.k8s.io/v1/ClusterRole': { plural: 'clusterroles', namespaced: false },
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding': { plural: 'clusterrolebindings', namespaced: false },
  'storage.k8s.io/v1/StorageClass': { plural: 'storageclasses', namespaced: false },
  'authorization.k8s.io/v1/SelfSubjectAccessReview': {
    plural: 'selfsubjectaccessreviews',
    namespaced: false,
  },
};

export interface Kinds {
  /** Null: the cluster has no such kind. */
  resourceOf(kind: KindOf): Promise<Resource | null>;
}

/** @param discover what the API tells of a version; null: it has none of that name. */
export function createKinds(discover: (path: string) => Promise<ResourceList | null>): Kinds {
  const found = new Map<string, Resource>();
  return {
    async resourceOf({ apiVersion, kind }) {
      const key = `${apiVersion}/${kind}`;
      const there = known[key] ?? found.get(key);
      if (there !== undefined) return there;
      for (const one of (await discover(versionPath(apiVersion)))?.resources ?? []) {
        // `deployments/scale` is a part of another.
        if (one.name.includes('/')) continue;
        found.set(`${apiVersion}/${one.kind}`, { plural: one.name, namespaced: one.namespaced });
      }
      return found.get(key) ?? null;
    },
  };
}

/** `/api/v1`, or `/apis/apps/v1`. */
export function versionPath(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}
