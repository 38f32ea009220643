/**
 * What a trainee may do in their namespace: each word is a fixed set of verbs on resources. Nothing here reaches quotas,
 * limit ranges (but to read them), roles, bindings, tokens or debug containers, and nothing is a wildcard: a part such as
 * `pods/exec` is named where it is given.
 */
import type { NamespaceRight } from '../../../templates/types.ts';

export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  /** Absent: all of the namespace. */
  readonly resourceNames?: readonly string[];
}

const look = ['get', 'list', 'watch'];
const change = ['create', 'update', 'patch', 'delete', 'deletecollection'];
/** Clients of before and after Kubernetes 1.31 open streams by `create` and by `get`. */
const stream = ['create', 'get'];

const rule = (group: string, resources: readonly string[], verbs: readonly string[]): Rule => ({
  apiGroups: [group],
  resources,
  verbs,
});

const workloads = ['deployments', 'replicasets', 'statefulsets', 'daemonsets'];
const scales = ['deployments/scale', 'replicasets/scale', 'statefulsets/scale'];

const table: Readonly<Record<NamespaceRight, readonly Rule[]>> = {
  view: [
    rule(
      '',
      [
        ...['pods', 'pods/status', 'services', 'endpoints', 'configmaps', 'events', 'serviceaccounts'],
        // The last only so that `kubectl get all` has all that it asks for.
        ...['persistentvolumeclaims', 'resourcequotas', 'limitranges', 'replicationcontrollers'],
      ],
      look,
    ),
    rule('apps', [...workloads, ...scales, 'controllerrevisions'], look),
    rule('batch', ['jobs', 'cronjobs'], look),
    rule('autoscaling', ['horizontalpodautoscalers'], look),
    rule('policy', ['poddisruptionbudgets'], look),
    rule('networking.k8s.io', ['networkpolicies', 'ingresses'], look),
    rule('discovery.k8s.io', ['endpointslices'], look),
    rule('events.k8s.io', ['events'], look),
  ],
  // No ingresses: a host name is everybody's.
  deploy: [
    rule('', ['pods', 'services', 'configmaps'], change),
    rule('apps', workloads, change),
    rule('apps', scales, ['update', 'patch']),
    rule('policy', ['poddisruptionbudgets'], change),
  ],
  exec: [rule('', ['pods/exec', 'pods/attach'], stream)],
  logs: [rule('', ['pods/log'], ['get'])],
  'port-forward': [rule('', ['pods/portforward'], stream)],
  'read-secrets': [rule('', ['secrets'], look)],
  secrets: [rule('', ['secrets'], [...look, ...change])],
  jobs: [rule('batch', ['jobs', 'cronjobs'], change)],
  pvc: [rule('', ['persistentvolumeclaims'], change)],
  autoscale: [rule('autoscaling', ['horizontalpodautoscalers'], change)],
  'network-policies': [rule('networking.k8s.io', ['networkpolicies'], change)],
  'service-accounts': [rule('', ['serviceaccounts'], change)],
};

/** The rules of these rights in one namespace, which they may also look at; `view` is always among them. Pure. */
export function rulesOf(rights: readonly NamespaceRight[], namespace: string): readonly Rule[] {
  const all = new Set<NamespaceRight>(['view', ...rights]);
  const own = { ...rule('', ['namespaces'], ['get']), resourceNames: [namespace] };
  return [own, ...[...all].sort().flatMap((right) => table[right])];
}
