/**
 * What rights by kind cannot say: trainees never touch what is ours in their namespace, nor take its names, and their
 * Services and policies lead nowhere else. Policies add up, so one of the trainee's own could open what ours closes.
 * One ValidatingAdmissionPolicy of the cluster, for the trainees of all labs and of all installations. Pure.
 */
import { accountName, ownPrefix } from './own-names.ts';

export const admissionName = 'labwright-trainees';
const api = 'admissionregistration.k8s.io/v1';
export const revisionAnnotation = 'labwright.dev/revision';
/** Higher with each change of what is below: the highest of a cluster stays. */
export const revision = 1;
/** On a trainee's namespace: the lab's other namespaces, by real name. */
export const peersAnnotation = 'labwright.dev/peers';

const name =
  "request.operation == 'CONNECT' ? request.name : oldObject != null ? oldObject.metadata.name : " +
  "!has(object.metadata) ? '' : has(object.metadata.name) ? object.metadata.name : " +
  "has(object.metadata.generateName) ? object.metadata.generateName : ''";

const peers =
  `has(namespaceObject.metadata.annotations) && '${peersAnnotation}' in namespaceObject.metadata.annotations ` +
  `? namespaceObject.metadata.annotations['${peersAnnotation}'].split(',') : []`;

const ownName = "'kubernetes.io/metadata.name'";
const isPeer =
  '!has(peer.ipBlock) && (!has(peer.namespaceSelector) || has(peer.namespaceSelector.matchLabels) && ' +
  `${ownName} in peer.namespaceSelector.matchLabels && (` +
  `peer.namespaceSelector.matchLabels[${ownName}] in variables.peers || ` +
  `peer.namespaceSelector.matchLabels[${ownName}] == request.namespace || ` +
  `peer.namespaceSelector.matchLabels[${ownName}] == 'kube-system' && has(peer.podSelector) && ` +
  "has(peer.podSelector.matchLabels) && 'k8s-app' in peer.podSelector.matchLabels && " +
  "peer.podSelector.matchLabels['k8s-app'] == 'kube-dns'))";

const isWritten = (resource: string) =>
  `request.resource.resource == '${resource}' && request.operation in ['CREATE', 'UPDATE']`;

const spec = {
  failurePolicy: 'Fail',
  matchConstraints: {
    resourceRules: [
      {
        ...{ apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'], scope: '*' },
        operations: ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'],
      },
    ],
    matchPolicy: 'Equivalent',
    namespaceSelector: {},
    objectSelector: {},
  },
  matchConditions: [
    {
      name: 'trainees',
      expression: `request.userInfo.username.startsWith('system:serviceaccount:') && request.userInfo.username.endsWith(':${accountName}')`,
    },
  ],
  variables: [
    { name: 'name', expression: name },
    { name: 'peers', expression: peers },
  ],
  validations: [
    {
      expression: `!variables.name.startsWith('${ownPrefix}')`,
      message: `names that begin with ${ownPrefix} are the lab's own`,
      reason: 'Forbidden',
    },
    {
      expression: `!(${isWritten('services')}) || !has(object.spec.externalIPs) || object.spec.externalIPs.size() == 0`,
      message: 'a Service of a lab has no externalIPs',
      reason: 'Forbidden',
    },
    {
      expression: `!(${isWritten('services')}) || !has(object.spec.type) || object.spec.type == 'ClusterIP'`,
      message: 'a Service of a lab is of the type ClusterIP',
      reason: 'Forbidden',
    },
    {
      expression:
        `!(${isWritten('networkpolicies')}) || !has(object.spec.egress) || object.spec.egress.all(rule, ` +
        `has(rule.to) && rule.to.size() > 0 && rule.to.all(peer, ${isPeer}))`,
      message:
        "egress of a lab leads to pods of the lab's own namespaces: each rule needs `to` with a podSelector, or a " +
        'namespaceSelector by kubernetes.io/metadata.name; DNS is allowed already',
      reason: 'Forbidden',
    },
  ],
};

const bindingSpec = { policyName: admissionName, validationActions: ['Deny'] };

const metadata = { name: admissionName, annotations: { [revisionAnnotation]: String(revision) } };

/** The policy and what puts it in force, for `apply`. */
export function admissionObjects() {
  return [
    { apiVersion: api, kind: 'ValidatingAdmissionPolicy', metadata, spec },
    { apiVersion: api, kind: 'ValidatingAdmissionPolicyBinding', metadata, spec: bindingSpec },
  ] as const;
}
