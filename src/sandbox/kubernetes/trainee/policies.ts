/**
 * Who may connect to whom in a trainee's namespace: nobody, but names, the lab's own namespaces, and us. Policies add up:
 * where trainees may write their own, what opens the namespace is theirs to close, and what is closed stays closed
 * (`admission.ts` says what theirs may open). Pure.
 */
import type { NamespaceRight } from '../../../templates/types.ts';
import { label } from '../labels.ts';
import { labelValue } from '../names.ts';
import type { OwnPlace } from '../options.ts';
import { denial, dns, letIn, type NetworkPolicy, policyIn } from '../policies.ts';
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
export function fencePolicies(needs: TraineePolicyNeeds): readonly NetworkPolicy[] {
  const { uses, own } = needs;
  const policy = policyIn(needs.namespace);
  const to = {
    namespaceSelector: { matchLabels: { ...labOf(needs), [label.space]: 'control' } },
    podSelector: {
      matchExpressions: [{ key: label.component, operator: 'In', values: uses.map(labelValue) }],
    },
  };
  return [
    policy(`${ownPrefix}deny`, denial),
    policy(`${ownPrefix}names`, { podSelector: {}, policyTypes: ['Egress'], egress: [dns] }),
    ...(uses.length === 0
      ? []
      : [
          policy(`${ownPrefix}uses`, {
            podSelector: {},
            policyTypes: ['Egress'],
            egress: [{ to: [to] }],
          }),
        ]),
    ...(own === null ? [] : [policy(`${ownPrefix}graders`, letIn(own))]),
  ];
}

/** What opens it: to itself, to the lab's other namespaces, and from the lab's workspaces and loads. */
export function openings(needs: TraineePolicyNeeds) {
  const policy = policyIn(needs.namespace);
  const lab = labOf(needs);
  const from = { namespaceSelector: { matchLabels: lab } };
  const to = { namespaceSelector: { matchLabels: { ...lab, [label.space]: 'trainee' } } };
  return [
    policy('within', {
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [{ podSelector: {} }] }],
      egress: [{ to: [{ podSelector: {} }] }],
    }),
    policy('lab', {
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
