/**
 * Who may connect to whom in a trainee's namespace: nobody, but names, the lab's own namespaces, and us. Policies add up:
 * where trainees may write their own, what opens the namespace is theirs to close, and what is closed stays closed
 * (`admission.ts` says what theirs may open). Pure.
 */
import type { NamespaceRight } from '../../../templates/types.ts';
import { label } from '../labels.ts';
import { labelValue } from '../names.ts';
import type { OwnPlace } from '../options.ts';
import { letIn, type NetworkPolicy, type PolicySpec } from '../policies.ts';
import { ownPrefix } from './own-names.ts';

export interface TraineePolicyNeeds {
  readonly namespace: string;
  readonly installationId: string;
  readonly sandboxId: string;
  readonly rights: readonly NamespaceRight[];
  /** Components of ours that what runs there may connect to. */
  readonly uses: readonly string[];
  readonly own: OwnPlace | null;
}

/** Those that are always ours. */
export function fencePolicies(needs: TraineePolicyNeeds): readonly NamedPolicy[] {
  const { namespace, uses, own } = needs;
  const to = {
    namespaceSelector: { matchLabels: { ...labOf(needs), [label.space]: 'control' } },
    podSelector: {
      matchExpressions: [{ key: label.component, operator: 'In', values: uses.map(labelValue) }],
    },
  };
  return [
    policy(namespace, `${ownPrefix}deny`, { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }),
    policy(namespace, `${ownPrefix}names`, { podSelector: {}, policyTypes: ['Egress'], egress: [names] }),
    ...(uses.length === 0
      ? []
      : [
          policy(namespace, `${ownPrefix}uses`, {
            podSelector: {},
            policyTypes: ['Egress'],
            egress: [{ to: [to] }],
          }),
        ]),
    ...(own === null ? [] : [policy(namespace, `${ownPrefix}graders`, letIn(own))]),
  ];
}

/** What opens it: to itself, to the lab's other namespaces, and from the lab's workspaces and loads. */
export function openings(needs: TraineePolicyNeeds) {
  const { namespace } = needs;
  const lab = labOf(needs);
  const from = { namespaceSelector: { matchLabels: lab } };
  const to = { namespaceSelector: { matchLabels: { ...lab, [label.space]: 'trainee' } } };
  return [
    policy(namespace, 'within', {
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [{ podSelector: {} }] }],
      egress: [{ to: [{ podSelector: {} }] }],
    }),
    policy(namespace, 'lab', {
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [from] }],
      egress: [{ to: [to] }],
    }),
  ];
}

const labOf = ({ installationId, sandboxId }: TraineePolicyNeeds) => ({
  [label.installation]: labelValue(installationId),
  [label.sandbox]: labelValue(sandboxId),
});

export interface NamedPolicy extends NetworkPolicy {
  readonly metadata: { readonly name: string; readonly namespace: string };
}

const policy = (namespace: string, name: string, spec: PolicySpec): NamedPolicy => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name, namespace },
  spec,
});

const names = {
  to: [
    {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
      podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
    },
  ],
  ports: [
    { protocol: 'UDP', port: 53 },
    { protocol: 'TCP', port: 53 },
  ],
};
