/** What a cluster, or we, would refuse of an object in a trainee's namespace, said before there is a lab. */
import { valueAt } from './tree.ts';
import type { Json, NamespaceComponent } from './types.ts';
import { podRefusals } from './validate-pods.ts';

type Manifested = { readonly [key: string]: Json };

/** Belong to no namespace. */
const clusterKinds = new Set([
  ...['Namespace', 'Node', 'PersistentVolume', 'StorageClass', 'VolumeAttachment', 'CSIDriver', 'CSINode'],
  ...['ClusterRole', 'ClusterRoleBinding', 'CustomResourceDefinition', 'APIService', 'PriorityClass'],
  ...[
    'IngressClass',
    'RuntimeClass',
    'CertificateSigningRequest',
    'FlowSchema',
    'PriorityLevelConfiguration',
  ],
  ...['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration', 'ValidatingAdmissionPolicy'],
  ...['ValidatingAdmissionPolicyBinding', 'MutatingAdmissionPolicy', 'MutatingAdmissionPolicyBinding'],
]);

/** Ours in every trainee's namespace: what is there, how much of it, and who may do what. */
const ourKinds: Readonly<Record<string, string>> = {
  ResourceQuota: '"limits" and "pods" of the component say how much there may be',
  LimitRange: '"limits" of the component say how much there may be',
  Role: '"trainee" of the component says what the trainee may do',
  RoleBinding: '"trainee" of the component says what the trainee may do',
};

/** Sentences without a subject; none where the object may be there. */
export function refusalsOf(object: Manifested, component: NamespaceComponent): readonly string[] {
  const kind = String(object.kind);
  if (clusterKinds.has(kind)) return [`a ${kind} belongs to no namespace, and a lab has only its own`];
  const ours = Object.hasOwn(ourKinds, kind) ? ourKinds[kind] : undefined;
  if (ours !== undefined) return [`a ${kind} is not for templates to make: ${ours}`];
  if (kind === 'NetworkPolicy' && !component.rights.includes('network-policies')) {
    return ['a NetworkPolicy is ours, unless "trainee" of the component has network-policies'];
  }
  const placed = valueAt(object, ['metadata', 'namespace']);
  const found = placed === undefined ? [] : ['metadata.namespace is filled in by us; leave it out'];
  return [...found, ...podRefusals(object)];
}
