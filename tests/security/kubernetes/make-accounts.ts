/** The accounts of `Who`, with their rights in the cluster. */
import type { OwnCluster } from '../../../src/sandbox/kubernetes/client.ts';
import { label } from '../../../src/sandbox/kubernetes/labels.ts';
import { labelValue } from '../../../src/sandbox/kubernetes/names.ts';
import { accountName, ownNames } from '../../../src/sandbox/kubernetes/trainee/own-names.ts';
import { type Account, bind, grant, moreRights, rightsElsewhere, type Who } from './accounts.ts';
import type { Grounds } from './grounds.ts';

export interface AccountNeeds {
  readonly cluster: OwnCluster;
  readonly installationId: string;
  readonly grounds: Grounds;
  readonly trainee: Account;
}

export async function makeAccounts(
  { cluster, installationId, grounds, trainee }: AccountNeeds,
  signal: AbortSignal,
): Promise<Readonly<Record<Who, Account>>> {
  const { mine, vault, spare, withoutQuotas, control, theirs, theirControl } = grounds;
  const namespace = `${control}-accounts`;
  const labels = { [label.installation]: labelValue(installationId) };
  await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } }, signal);
  const others = {
    unruled: { namespace, name: 'unruled' },
    // The rule knows trainees by this name, wherever they are.
    granted: { namespace, name: accountName },
    free: { namespace, name: 'free' },
  };
  for (const metadata of Object.values(others)) {
    await cluster.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata }, signal);
  }
  const more = [others.granted, others.free];
  await Promise.all([
    ...[mine, vault, spare, withoutQuotas].flatMap((ground) => [
      bind(cluster, ground, 'others', ownNames.role, Object.values(others), signal),
      grant(cluster, ground, 'more', moreRights, more, signal),
    ]),
    ...[control, theirs, theirControl].map((ground) =>
      grant(cluster, ground, 'more', rightsElsewhere, more, signal),
    ),
  ]);
  return { trainee, ...others };
}
