/** What a container may take, and what a node must have free for it. Pure. */
import type { V1ResourceRequirements } from '@kubernetes/client-node';
import type { ComponentLimits } from '../../../templates/types.ts';

/** Most components of labs idle: a node takes many times what all of them together may take. */
const memoryShare = 0.25;
const cpuShare = 0.01;

export function resourcesOf({ memoryMb, cpu, diskMb }: Required<ComponentLimits>): V1ResourceRequirements {
  return {
    requests: {
      cpu: `${Math.max(10, Math.round(cpu * 1_000 * cpuShare))}m`,
      memory: `${Math.max(16, Math.round(memoryMb * memoryShare))}Mi`,
      'ephemeral-storage': '16Mi',
    },
    limits: {
      cpu: `${Math.round(cpu * 1_000)}m`,
      memory: `${memoryMb}Mi`,
      'ephemeral-storage': `${diskMb}Mi`,
    },
  };
}
