import { admissionName } from './trainee/admission.ts';

/** Every verb that Labwright uses on the cluster's API, by resource: what its ClusterRole must hold. */
export interface Permission {
  readonly group: string;
  /** With its part: `pods/exec`. */
  readonly resource: string;
  readonly verbs: readonly string[];
  /** Absent: all of them. */
  readonly name?: string;
}

const core = (resource: string, ...verbs: string[]): Permission => ({ group: '', resource, verbs });
const of = (group: string, resource: string, ...verbs: string[]): Permission => ({ group, resource, verbs });

/**
 * Server-side apply asks for `patch`, and for `create` where the object is not there yet. What trainees are given must be
 * held as well, or the verb `escalate` on roles: that is up to the installation and not asked for here.
 */
export const permissions: readonly Permission[] = [
  core('namespaces', 'get', 'list', 'create', 'patch', 'delete'),
  core('pods', 'get', 'list', 'watch', 'create', 'patch', 'delete'),
  core('pods/exec', 'get', 'create'),
  core('pods/portforward', 'get', 'create'),
  core('pods/log', 'get'),
  core('services', 'get', 'list', 'create', 'patch', 'delete'),
  core('secrets', 'get', 'list', 'create', 'patch', 'delete'),
  core('serviceaccounts', 'get', 'create', 'patch', 'delete'),
  core('serviceaccounts/token', 'create'),
  core('resourcequotas', 'get', 'create', 'patch'),
  core('limitranges', 'get', 'create', 'patch'),
  core('persistentvolumes', 'get', 'list', 'create', 'patch', 'delete'),
  core('persistentvolumeclaims', 'get', 'list', 'create', 'patch', 'delete'),
  of('networking.k8s.io', 'networkpolicies', 'get', 'list', 'create', 'patch'),
  of('discovery.k8s.io', 'endpointslices', 'list'),
  of('rbac.authorization.k8s.io', 'roles', 'get', 'create', 'patch'),
  of('rbac.authorization.k8s.io', 'rolebindings', 'get', 'create', 'patch'),
  ...['validatingadmissionpolicies', 'validatingadmissionpolicybindings'].map((resource) => ({
    ...of('admissionregistration.k8s.io', resource, 'get', 'create', 'patch'),
    name: admissionName,
  })),
];
