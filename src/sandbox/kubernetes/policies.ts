/**
 * Who may connect to whom. Nothing by default, in both directions; then the lab's own pods among each other, names, and
 * what databases are copied from. Pure.
 */
import type { V1NetworkPolicyPeer as Peer, V1LabelSelector } from '@kubernetes/client-node';
import type { SandboxPlan } from '../../lab/ports.ts';
import { componentPart } from '../naming.ts';
import { label } from './labels.ts';
import { labelValue, type Names } from './names.ts';
import type { OwnPlace } from './options.ts';
import { dataPort, receivedLabel } from './postgres/data-port.ts';

/** As the API reads it; the client library's own type calls `from` otherwise. */
export interface NetworkPolicy {
  readonly apiVersion: 'networking.k8s.io/v1';
  readonly kind: 'NetworkPolicy';
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: PolicySpec;
}

export interface PolicySpec {
  readonly podSelector: V1LabelSelector;
  readonly policyTypes: readonly ('Ingress' | 'Egress')[];
  readonly ingress?: readonly { readonly from: readonly Peer[]; readonly ports?: readonly Port[] }[];
  readonly egress?: readonly { readonly to: readonly Peer[]; readonly ports?: readonly Port[] }[];
}

interface Port {
  readonly protocol: string;
  readonly port: number;
}

export interface PolicyNeeds {
  readonly installationId: string;
  readonly names: Names;
  readonly own: OwnPlace | null;
  /** Where the cluster's API itself listens. */
  readonly apiServers: readonly ApiServer[];
}

export interface ApiServer {
  readonly ip: string;
  readonly port: number;
}

/** What a database begins with is sent to it by the one that it is a copy of: never the other way round. */
const data = { protocol: 'TCP', port: dataPort };
/** Not once it has them: what is run beside a copy could speak with what is run beside its original. */
const waiting = { key: receivedLabel, operator: 'DoesNotExist' };

/** Of a sandbox's control namespace. */
export function controlPolicies(plan: SandboxPlan, needs: PolicyNeeds): readonly NetworkPolicy[] {
  const { installationId, names, own, apiServers } = needs;
  const policy = policyIn(names.controlOf(plan.sandboxId));
  const ofInstallation = { [label.installation]: labelValue(installationId) };
  const specs = Object.values(plan.components);
  const databases = specs.filter(({ spec }) => spec.kind === 'postgres').map(({ name }) => name);
  const withApi = specs.filter(
    ({ spec }) => spec.kind === 'shell' && (spec.kubeconfig ?? []).some((name) => name in plan.components),
  );
  const policies = [
    policy('default-deny', denial),
    policy('lab', {
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [{ podSelector: {} }] }],
      egress: [{ to: [{ podSelector: {} }] }, dns],
    }),
  ];
  if (databases.length > 0) {
    const shared = spaces({ 'kubernetes.io/metadata.name': names.shared });
    const control = { [label.space]: 'control' };
    const origin =
      plan.origin === null ? [] : [spaces({ ...sandboxSpaces(plan.origin.sandboxId), ...control })];
    const copies = spaces({ ...ofInstallation, ...control, [label.origin]: labelValue(plan.sandboxId) });
    policies.push(
      policy('databases-in', {
        podSelector: { matchExpressions: [...components(databases).matchExpressions, waiting] },
        policyTypes: ['Ingress'],
        ingress: [{ from: [shared, ...origin], ports: [data] }],
      }),
      policy('databases-out', {
        podSelector: components(databases),
        policyTypes: ['Egress'],
        egress: [{ to: [{ ...copies, podSelector: { matchExpressions: [waiting] } }], ports: [data] }],
      }),
    );
  }
  if (specs.some(({ spec }) => spec.kind === 'namespace')) {
    const trainees = spaces({ ...sandboxSpaces(plan.sandboxId), [label.space]: 'trainee' });
    policies.push(
      policy('trainees', { podSelector: {}, policyTypes: ['Egress'], egress: [{ to: [trainees] }] }),
    );
  }
  for (const { name, spec } of specs) {
    const used = spec.kind === 'namespace' ? spec.uses.filter((one) => isOurs(plan, one)) : [];
    if (used.length === 0) continue;
    const from = spaces({ ...sandboxSpaces(plan.sandboxId), [label.component]: labelValue(name) });
    const ingress = [{ from: [from] }];
    policies.push(
      policy(`used-by-${componentPart(name)}`, {
        podSelector: components(used),
        policyTypes: ['Ingress'],
        ingress,
      }),
    );
  }
  if (withApi.length > 0) {
    policies.push(
      policy('cluster-api', {
        podSelector: components(withApi.map(({ name }) => name)),
        policyTypes: ['Egress'],
        egress: apiServers.map(({ ip, port }) => ({
          to: [{ ipBlock: { cidr: ip.includes(':') ? `${ip}/128` : `${ip}/32` } }],
          ports: [{ protocol: 'TCP', port }],
        })),
      }),
    );
  }
  return own === null ? policies : [...policies, policy('labwright', letIn(own))];

  function sandboxSpaces(sandboxId: string) {
    return { ...ofInstallation, [label.sandbox]: labelValue(sandboxId) };
  }
}

/** Of the namespace that all labs share: databases in it send their data to those of labs. */
export function sharedPolicies({ installationId, names, own }: PolicyNeeds): readonly NetworkPolicy[] {
  const policy = policyIn(names.shared);
  const labs = spaces({
    [label.installation]: labelValue(installationId),
    [label.space]: 'control',
  });
  return [
    policy('default-deny', denial),
    policy('databases', {
      podSelector: {},
      policyTypes: ['Egress'],
      egress: [{ to: [{ ...labs, podSelector: { matchExpressions: [waiting] } }], ports: [data] }],
    }),
    ...(own === null ? [] : [policy('labwright', letIn(own))]),
  ];
}

/** A component of the control namespace. */
const isOurs = (plan: SandboxPlan, name: string) => plan.components[name]?.spec.kind !== 'namespace';

export const denial: PolicySpec = { podSelector: {}, policyTypes: ['Ingress', 'Egress'] };

/** Names of the cluster. */
export const dns = {
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

/** From wherever Labwright itself runs. */
export function letIn({ namespace, podLabels }: OwnPlace): PolicySpec {
  const from: Peer = {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
    podSelector: { matchLabels: podLabels },
  };
  return { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ from: [from] }] };
}

const spaces = (matchLabels: Record<string, string>): Peer => ({
  namespaceSelector: { matchLabels },
});

const components = (names: readonly string[]) => ({
  matchExpressions: [{ key: label.component, operator: 'In', values: names.map(labelValue) }],
});

export const policyIn =
  (namespace: string) =>
  (name: string, spec: PolicySpec): NetworkPolicy => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace },
    spec,
  });
