/** What stands in the namespaces before the first attack: what there is to win, and two pods of the attacker. */
import type { OwnCluster } from '../../../src/sandbox/kubernetes/client.ts';
import type { Grounds } from './grounds.ts';
import {
  egressPolicy,
  idle,
  ingressPolicy,
  loose,
  podObject,
  probe,
  secret,
  service,
  serving,
} from './objects.ts';
import type { Pods } from './pods.ts';

export interface FurnishNeeds {
  readonly cluster: OwnCluster;
  readonly grounds: Grounds;
  readonly pods: Pods;
}

/** Of the neighbour: nothing is changed for the one, and the other lets everybody in. */
const servers = ['closed', 'open'];

interface Named {
  readonly metadata: { readonly name: string };
  readonly [more: string]: unknown;
}

/** Returns when all of it runs and answers. */
export async function furnish(
  { cluster, grounds: { mine, control, theirs }, pods }: FurnishNeeds,
  signal: AbortSignal,
): Promise<void> {
  const policy = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' };
  const put = (namespace: string, object: Named) =>
    cluster.apply({ ...object, metadata: { ...object.metadata, namespace } }, signal);
  const secretOf = (name: string) => ({
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name } },
    stringData: { secret },
  });
  await Promise.all([
    put(mine, { ...policy, ...egressPolicy('loose', [{}], loose) }),
    put(theirs, { ...policy, ...ingressPolicy('open', 'open') }),
    put(theirs, secretOf('secret')),
    put(control, secretOf('passwords')),
    ...servers.flatMap((name) => [
      put(theirs, { apiVersion: 'v1', kind: 'Service', ...service(name, name) }),
      put(theirs, podObject(theirs, name, serving(secret))),
    ]),
    ...[probe, loose].map((name) => put(mine, podObject(mine, name, idle))),
  ]);
  await Promise.all([
    ...[probe, loose].map((name) => pods.reach(mine, name, ['Running'], signal)),
    ...servers.map(async (name) => {
      await pods.reach(theirs, name, ['Running'], signal);
      const answers = 'until wget -q -O - http://127.0.0.1:8080; do sleep 0.2; done';
      await pods.run({ namespace: theirs, pod: name, container: 'main' }, answers, signal);
    }),
  ]);
}
