/** Rights that a trainee gives itself, and what is another's: the neighbour's, or the lab's own. */
import { accountName, ownNames } from '../../../src/sandbox/kubernetes/trainee/own-names.ts';
import { outcome } from '../attack.ts';
import type { Who } from './accounts.ts';
import { pathOf, secret } from './objects.ts';
import type { PodPlace } from './pods.ts';
import { asked, type In, inCluster } from './tries.ts';
import type { KubernetesWorld } from './world.ts';

const noRight = { defence: 'no rights there', off: 'rights there' };
const all = { apiGroups: ['*'], resources: ['*'], verbs: ['*'] };
const rbac = 'rbac.authorization.k8s.io';
const self = (control: string) => [{ kind: 'ServiceAccount', name: accountName, namespace: control }];
const yes = 'echo entered';

export const rightsAttacks: readonly In[] = [
  asked({
    name: 'makes a Role with every right',
    defence: 'no right on roles',
    off: 'that right, with escalate',
    run: ['trainee', 'vault'],
    control: ['granted', 'spare'],
    request: (ground) => ({
      method: 'POST',
      path: pathOf(ground, 'roles'),
      body: { metadata: { name: 'everything' }, rules: [all] },
    }),
  }),
  asked({
    name: 'adds every right to the Role that it has, by a right that somebody gave it',
    defence: 'nobody touches what has a name of ours',
    off: 'an account that the rule of the cluster does not hold for',
    run: ['granted', 'vault'],
    control: ['free', 'spare'],
    request: (ground) => ({
      method: 'PATCH',
      path: pathOf(ground, 'roles', ownNames.role),
      body: { rules: [all] },
    }),
  }),
  asked({
    name: 'binds itself to cluster-admin',
    defence: 'no right on bindings, nor to bind',
    off: 'those rights',
    run: ['trainee', 'vault'],
    control: ['granted', 'spare'],
    request: (ground, { control }) => ({
      method: 'POST',
      path: pathOf(ground, 'rolebindings'),
      body: {
        metadata: { name: 'admin' },
        roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'cluster-admin' },
        subjects: self(control),
      },
    }),
  }),
  asked({
    name: 'names the neighbour as a namespace of its own lab',
    defence: 'no right to change its namespace',
    off: 'that right',
    run: ['trainee', 'vault'],
    control: ['granted', 'withoutQuotas'],
    request: (ground, { theirs }) => ({
      method: 'PATCH',
      path: `/api/v1/namespaces/${ground}`,
      body: { metadata: { annotations: { 'labwright.dev/peers': theirs } } },
    }),
  }),
  asked({
    name: "reads the neighbour's Secret",
    ...noRight,
    run: ['trainee', 'theirs'],
    control: ['granted', 'theirs'],
    request: (ground) => ({ method: 'GET', path: pathOf(ground, 'secrets', 'secret') }),
    gained: (body) => body.includes(Buffer.from(secret).toString('base64')),
  }),
  inCluster({
    name: "enters the neighbour's pod",
    ...noRight,
    run: (world, signal) => entered(world, 'trainee', neighbour(world), signal),
    control: (world, signal) => entered(world, 'granted', neighbour(world), signal),
  }),
  asked({
    name: "reads a Secret of the lab's own namespace",
    ...noRight,
    run: ['trainee', 'control'],
    control: ['granted', 'control'],
    request: (ground) => ({ method: 'GET', path: pathOf(ground, 'secrets', 'passwords') }),
  }),
  inCluster({
    name: 'enters the agent beside its workspace',
    ...noRight,
    run: (world, signal) => entered(world, 'trainee', world.workspace, signal),
    control: (world, signal) => entered(world, 'granted', world.workspace, signal),
  }),
];

const neighbour = ({ theirs }: KubernetesWorld): PodPlace => ({
  ...{ namespace: theirs, pod: 'open', container: 'main' },
});

async function entered(world: KubernetesWorld, who: Who, at: PodPlace, signal: AbortSignal) {
  const seen = await world.enter(who, at, yes, signal).catch((thrown: unknown) => String(thrown));
  return outcome(seen.trim() === 'entered', seen);
}
