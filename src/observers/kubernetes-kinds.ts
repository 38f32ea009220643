/** Kinds of objects as manifests call them, and where a template may name them without their `apiVersion`. */

/** Kind → the `apiVersion` that it has unless another is named. */
const usualKinds: Readonly<Record<string, string>> = {
  ConfigMap: 'v1',
  Endpoints: 'v1',
  Event: 'v1',
  LimitRange: 'v1',
  PersistentVolumeClaim: 'v1',
  Pod: 'v1',
  ReplicationController: 'v1',
  ResourceQuota: 'v1',
  Secret: 'v1',
  Service: 'v1',
  ServiceAccount: 'v1',
  ControllerRevision: 'apps/v1',
  DaemonSet: 'apps/v1',
  Deployment: 'apps/v1',
  ReplicaSet: 'apps/v1',
  StatefulSet: 'apps/v1',
  CronJob: 'batch/v1',
  Job: 'batch/v1',
  HorizontalPodAutoscaler: 'autoscaling/v2',
  EndpointSlice: 'discovery.k8s.io/v1',
  Ingress: 'networking.k8s.io/v1',
  NetworkPolicy: 'networking.k8s.io/v1',
  PodDisruptionBudget: 'policy/v1',
  Role: 'rbac.authorization.k8s.io/v1',
  RoleBinding: 'rbac.authorization.k8s.io/v1',
  Lease: 'coordination.k8s.io/v1',
};

/** For `refine`: where a kind is not usual, its version is named. */
export function versionKnown({ kind, apiVersion }: { kind: string; apiVersion?: unknown }): boolean {
  return apiVersion !== undefined || Object.hasOwn(usualKinds, kind);
}

export const versionUnknown = {
  message: 'no usual kind: name its "apiVersion" too, such as "batch/v1"',
  path: ['kind'],
};

export function kindOf({ kind, apiVersion }: { kind: string; apiVersion?: string | undefined }) {
  return { kind, apiVersion: apiVersion ?? usualKinds[kind] ?? 'v1' };
}
