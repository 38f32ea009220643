/**
 * Who attacks. The rule of the cluster holds for accounts of one name, so there is one of each kind: with it and without,
 * and each of the two with a trainee's rights alone and with more.
 */
import type { KubeConfig } from '@kubernetes/client-node';
import type { OwnCluster } from '../../../src/sandbox/kubernetes/client.ts';
import { withToken } from '../../../src/sandbox/kubernetes/client-config.ts';
import { createTransport } from '../../../src/sandbox/kubernetes/client-transport.ts';

/** All but the trainee are made by the tests. */
export type Who =
  /** The lab's own. */
  | 'trainee'
  /** A trainee's rights, and the cluster's rule for trainees does not hold for it. */
  | 'unruled'
  /** The rule holds for it; its rights are a trainee's, and those of `more`. */
  | 'granted'
  /** More rights, and no rule. */
  | 'free';

export interface Account {
  readonly namespace: string;
  readonly name: string;
}

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

const rbac = 'rbac.authorization.k8s.io';
const rule = (group: string, resources: readonly string[], verbs: readonly string[]): Rule => ({
  apiGroups: [group],
  resources,
  verbs,
});

/** What trainees are never given, in namespaces that are theirs. */
export const moreRights: readonly Rule[] = [
  rule('', ['resourcequotas', 'limitranges', 'namespaces'], ['patch', 'delete']),
  rule('', ['pods/ephemeralcontainers'], ['patch']),
  rule(rbac, ['roles'], ['get', 'create', 'patch', 'escalate']),
  rule(rbac, ['rolebindings'], ['create']),
  rule(rbac, ['clusterroles'], ['bind']),
  rule('discovery.k8s.io', ['endpointslices'], ['create']),
  rule('networking.k8s.io', ['ingresses'], ['create']),
];

/** The same in namespaces that are not. */
export const rightsElsewhere: readonly Rule[] = [
  rule('', ['secrets'], ['get']),
  rule('', ['pods/exec'], ['create', 'get']),
  rule('', ['serviceaccounts/token'], ['create']),
  rule('', ['serviceaccounts'], ['impersonate']),
];

export async function grant(
  cluster: OwnCluster,
  namespace: string,
  name: string,
  rules: readonly Rule[],
  accounts: readonly Account[],
  signal: AbortSignal,
): Promise<void> {
  const meta = { apiVersion: `${rbac}/v1`, metadata: { name, namespace } };
  await cluster.apply({ ...meta, kind: 'Role', rules }, signal);
  await bind(cluster, namespace, name, name, accounts, signal);
}

/** To a Role that is there. */
export async function bind(
  cluster: OwnCluster,
  namespace: string,
  name: string,
  role: string,
  accounts: readonly Account[],
  signal: AbortSignal,
): Promise<void> {
  const binding = {
    ...{ apiVersion: `${rbac}/v1`, kind: 'RoleBinding', metadata: { name, namespace } },
    roleRef: { apiGroup: rbac, kind: 'Role', name: role },
    subjects: accounts.map((one) => ({ kind: 'ServiceAccount', ...one })),
  };
  await cluster.apply(binding, signal);
}

export interface Request {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: object;
  /** Asked for as this account. */
  readonly as?: Account;
}

/** A token and nothing else. */
export interface Client {
  readonly config: KubeConfig;
  ask(request: Request, signal: AbortSignal): Promise<{ readonly status: number; readonly body: string }>;
}

export function clientOf(config: KubeConfig, token: string): Client {
  const own = withToken(config, token);
  return {
    config: own,
    ask({ as, ...request }, signal) {
      const config = withToken(own, token);
      if (as !== undefined) {
        const impersonateUser = `system:serviceaccount:${as.namespace}:${as.name}`;
        config.users = config.users.map((one) => ({ ...one, impersonateUser }));
      }
      const contentType = request.method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
      return createTransport(config, new Map()).ask({ ...request, contentType }, signal);
    },
  };
}
