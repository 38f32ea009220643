/** Attacks out of a trainee's namespace of a cluster. */
import { limitAttacks } from './limit-attacks.ts';
import { networkAttacks } from './network-attacks.ts';
import { podAttacks } from './pod-attacks.ts';
import { policyAttacks } from './policy-attacks.ts';
import { rightsAttacks } from './rights-attacks.ts';
import { tokenAttacks } from './token-attacks.ts';
import type { In } from './tries.ts';

export const kubernetesAttacks: readonly In[] = [
  ...tokenAttacks,
  ...limitAttacks,
  ...policyAttacks,
  ...podAttacks,
  ...rightsAttacks,
  ...networkAttacks,
];
