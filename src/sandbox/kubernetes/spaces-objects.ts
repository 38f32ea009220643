/** Everything of a namespace before the first pod is in it. Pure: the same plan gives the same objects. */
import type { V1Namespace, V1ServiceAccount } from '@kubernetes/client-node';
import type { SandboxPlan } from '../../lab/ports.ts';
import { annotation, label, type SpaceKind, sandboxMeta } from './labels.ts';
import { labelValue } from './names.ts';
import { controlPolicies, type PolicyNeeds, sharedPolicies } from './policies.ts';
import { controlQuota, limitRange } from './quota.ts';

/** All pods of ours run as this account, which has no rights and whose token is in none of them. */
export const labAccount = 'lab';

/** Held to by the API server, and each breach is written to its audit log. */
export const podSecurity = {
  'pod-security.kubernetes.io/enforce': 'restricted',
  'pod-security.kubernetes.io/audit': 'restricted',
  'pod-security.kubernetes.io/warn': 'restricted',
} as const;

export interface SpaceObjects {
  readonly namespace: V1Namespace;
  readonly contents: readonly object[];
}

export function controlObjects(plan: SandboxPlan, needs: PolicyNeeds, now: Date): SpaceObjects {
  const name = needs.names.controlOf(plan.sandboxId);
  const origin = plan.origin === null ? {} : { [label.origin]: labelValue(plan.origin.sandboxId) };
  return {
    namespace: sandboxNamespace(name, 'control', plan.sandboxId, needs, now, origin),
    contents: [account(name), controlQuota(plan, name), limitRange(name), ...controlPolicies(plan, needs)],
  };
}

export function sharedObjects(needs: PolicyNeeds, now: Date): SpaceObjects {
  const name = needs.names.shared;
  const labels = {
    ...podSecurity,
    [label.installation]: labelValue(needs.installationId),
    [label.space]: 'shared',
  };
  const metadata = { name, labels, annotations: { [annotation.createdAt]: now.toISOString() } };
  return {
    namespace: { apiVersion: 'v1', kind: 'Namespace', metadata },
    contents: [account(name), limitRange(name), ...sharedPolicies(needs)],
  };
}

/** A namespace of a sandbox: with its labels it is found, and with them other namespaces let it in. */
export function sandboxNamespace(
  name: string,
  space: SpaceKind,
  sandboxId: string,
  { installationId }: Pick<PolicyNeeds, 'installationId'>,
  now: Date,
  labels: Readonly<Record<string, string>> = {},
): V1Namespace {
  const own = sandboxMeta(installationId, sandboxId, now);
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name,
      labels: { ...own.labels, ...podSecurity, [label.space]: space, ...labels },
      annotations: own.annotations,
    },
  };
}

const account = (namespace: string): V1ServiceAccount => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: labAccount, namespace },
  automountServiceAccountToken: false,
});
