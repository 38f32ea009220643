/** Theft of tokens, and tokens that hold for longer than they should. */
import { setTimeout as delay } from 'node:timers/promises';
import { accountName, ownNames } from '../../../src/sandbox/kubernetes/trainee/own-names.ts';
import { type Outcome, outcome } from '../attack.ts';
import type { Who } from './accounts.ts';
import { idle, pathOf, podObject, probe } from './objects.ts';
import { asked, type In, inCluster, tried, won } from './tries.ts';
import type { KubernetesWorld } from './world.ts';

const tokenFor = (run: Who, control: 'control' | 'theirControl') => ({
  run: [run, control] as const,
  control: ['free', control] as const,
  request: (ground: string) => ({
    method: 'POST' as const,
    path: `${pathOf(ground, 'serviceaccounts', accountName)}/token`,
    body: { spec: { expirationSeconds: 86_400 } },
  }),
});

const lookForToken = '[ -s /var/run/secrets/kubernetes.io/serviceaccount/token ] && echo won; true';

export const tokenAttacks: readonly In[] = [
  asked({
    name: 'asks for a longer token of its own account',
    defence: 'no right to ask for tokens',
    off: 'that right, where the account is',
    ...tokenFor('unruled', 'control'),
  }),
  asked({
    name: 'asks for a longer token of its own account, by a right that somebody gave it',
    defence: 'nobody touches what has a name of ours',
    off: 'an account that the rule of the cluster does not hold for',
    ...tokenFor('granted', 'control'),
  }),
  asked({
    name: "asks for a token of the neighbour's account",
    defence: 'no right to ask for tokens',
    off: "that right, in the neighbour's",
    ...tokenFor('unruled', 'theirControl'),
  }),
  asked({
    name: "acts as the neighbour's account, by impersonation",
    defence: 'no right to impersonate',
    off: "that right, in the neighbour's",
    run: ['trainee', 'theirs'],
    control: ['granted', 'theirs'],
    request: (ground, { theirControl }) => ({
      method: 'GET',
      path: pathOf(ground, 'secrets', 'secret'),
      as: { namespace: theirControl, name: accountName },
    }),
  }),
  inCluster({
    name: "runs a pod as the lab's account, to have its token mounted",
    defence: 'the account is in a namespace where the trainee runs nothing',
    off: "the account in the trainee's",
    run: (world, signal) => mounted(world, world.vault, accountName, signal),
    async control(world, signal) {
      await makeAccount(world, accountName, signal);
      return mounted(world, world.spare, accountName, signal);
    },
  }),
  inCluster({
    name: 'makes an account of that name for itself, and a Secret that keeps its token for good',
    defence: 'nobody takes our names, and where no such account is there is no token',
    off: "the account in the trainee's namespace",
    run: (world, signal) => kept(world, world.vault, accountName, signal),
    async control(world, signal) {
      await makeAccount(world, accountName, signal);
      return kept(world, world.spare, accountName, signal);
    },
  }),
  inCluster({
    name: 'finds a token in a pod that asked for none',
    defence: 'accounts that mount no token',
    off: 'an account that does',
    run: async (world, signal) =>
      won(await world.inPod({ namespace: world.mine, pod: probe, container: 'main' }, lookForToken, signal)),
    async control(world, signal) {
      await makeAccount(world, 'careless', signal);
      const pod = { serviceAccountName: 'careless' };
      await world.make(podObject(world.spare, 'careless', lookForToken, { pod }), signal);
      return won(await world.printed(world.spare, 'careless', signal));
    },
  }),
  inCluster({
    name: 'finds the token of the account of our pods in its workspace',
    defence: 'our pods mount no token',
    off: "a pod of the lab's that does",
    run: async (world, signal) => won(await world.inWorkspace(lookForToken, signal)),
    async control(world, signal) {
      const pod = { serviceAccountName: 'lab', automountServiceAccountToken: true };
      await world.make(podObject(world.control, 'careless', lookForToken, { pod }), signal);
      return won(await world.printed(world.control, 'careless', signal));
    },
  }),
  inCluster({
    name: 'has a token mounted, and asks the cluster with it',
    defence: 'accounts of its namespace have no rights',
    off: 'an account with rights',
    run: async (world, signal) =>
      tried(await world.asPodOf(world.vault, signal), listPods(world.vault), signal),
    async control(world, signal) {
      await world.make(
        {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'RoleBinding',
          metadata: { name: 'default', namespace: world.spare },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: ownNames.role },
          subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: world.spare }],
        },
        signal,
      );
      return tried(await world.asPodOf(world.spare, signal), listPods(world.spare), signal);
    },
  }),
  inCluster({
    name: 'goes on with its token after the lab has ended',
    defence: "the account ends with the lab's namespace, and a token with its account",
    off: 'an account that stays',
    run: (world, signal) => tried(world.ofEnded, whoAmI, signal),
    control: (world, signal) => tried(world.as('granted'), whoAmI, signal),
  }),
];

const listPods = (ground: string) => ({ method: 'GET', path: pathOf(ground, 'pods') }) as const;
const whoAmI = {
  method: 'POST',
  path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
  body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
} as const;

async function makeAccount(world: KubernetesWorld, name: string, signal: AbortSignal): Promise<void> {
  const metadata = { name, namespace: world.spare };
  await world.make({ apiVersion: 'v1', kind: 'ServiceAccount', metadata }, signal);
}

async function mounted(
  world: KubernetesWorld,
  ground: string,
  account: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const pod = { serviceAccountName: account, automountServiceAccountToken: true };
  const body = podObject(ground, 'thief', idle, { pod });
  const request = { method: 'POST', path: pathOf(ground, 'pods'), body } as const;
  return tried(world.as('trainee'), request, signal, (text) => text.includes('"serviceAccountToken"'));
}

/** Whether a Secret that names the account has its token. */
async function kept(
  world: KubernetesWorld,
  ground: string,
  account: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const trainee = world.as('trainee');
  const path = pathOf(ground, 'serviceaccounts');
  const own = await trainee.ask({ method: 'POST', path, body: { metadata: { name: account } } }, signal);
  const annotations = { 'kubernetes.io/service-account.name': account };
  const body = { metadata: { name: 'kept', annotations }, type: 'kubernetes.io/service-account-token' };
  await tried(trainee, { method: 'POST', path: pathOf(ground, 'secrets'), body }, signal);
  for (;;) {
    const found = await trainee.ask({ method: 'GET', path: pathOf(ground, 'secrets', 'kept') }, signal);
    const { data } = JSON.parse(found.body) as { data?: { token?: string } };
    if (data?.token !== undefined) return outcome(true, `${own.status}, and a token`);
    // The cluster takes a Secret away that is of no account.
    if (found.status === 404) return outcome(false, own.body);
    await delay(300, undefined, { signal });
  }
}
