/** Where attacks are tried. */

import type { OwnCluster } from '../../../src/sandbox/kubernetes/client.ts';
import { createNames } from '../../../src/sandbox/kubernetes/names.ts';
import { copyNamespace } from './copied-namespace.ts';
import { attackerLab, neighbourLab } from './labs.ts';

/** Namespaces by what they are to the attacks. */
export interface Grounds {
  /** The attacker's two. */
  readonly mine: string;
  readonly vault: string;
  /** As `vault`, for what must not happen there. */
  readonly spare: string;
  readonly withoutPodSecurity: string;
  readonly withoutQuotas: string;
  /** The lab's own. */
  readonly control: string;
  readonly theirs: string;
  readonly theirControl: string;
}

/** Of labs that are there; makes the copies. */
export async function makeGrounds(
  cluster: OwnCluster,
  installationId: string,
  signal: AbortSignal,
): Promise<Grounds> {
  const names = createNames(installationId);
  const [{ sandboxId }, neighbour] = [attackerLab(), neighbourLab()];
  const vault = names.traineeOf({ sandboxId, component: 'vault' });
  const grounds: Grounds = {
    vault,
    mine: names.traineeOf({ sandboxId, component: 'production' }),
    spare: `${vault}-spare`,
    withoutPodSecurity: `${vault}-free`,
    withoutQuotas: `${vault}-much`,
    control: names.controlOf(sandboxId),
    theirs: names.traineeOf({ sandboxId: neighbour.sandboxId, component: 'production' }),
    theirControl: names.controlOf(neighbour.sandboxId),
  };
  await Promise.all([
    copyNamespace(cluster, vault, grounds.spare, {}, signal),
    copyNamespace(cluster, vault, grounds.withoutPodSecurity, { podSecurity: true }, signal),
    copyNamespace(cluster, vault, grounds.withoutQuotas, { quotas: true }, signal),
  ]);
  return grounds;
}
