/** What the control namespace of a sandbox may take of the cluster, from the limits of its components. Pure. */
import type { V1ResourceQuota } from '@kubernetes/client-node';
import type { SandboxPlan } from '../../lab/ports.ts';
import type { ComponentLimits } from '../../templates/types.ts';
import { gatewayLimits, limitsOf } from '../containers/limits.ts';

/** A component that is made anew, and a job, stand beside what they replace for a while. */
const replacements = 2;
const jobs = 2;
/** Files, secret variables and passwords of a component, of two generations. */
const secretsEach = 6;

export function controlQuota(plan: SandboxPlan, namespace: string): V1ResourceQuota {
  const own = Object.values(plan.components).filter(({ spec }) => spec.kind !== 'namespace');
  const limits = own.map(({ spec }) => limitsOf(spec));
  // A workspace has who looks after its files beside it, and so may any other.
  const beside = own.map(() => gatewayLimits);
  const spare = Array.from({ length: jobs }, () => largest(limits));
  const all = [...limits, ...beside, ...spare];
  const total = (what: keyof ComponentLimits) => replacements * all.reduce((sum, one) => sum + one[what], 0);
  const pods = replacements * (own.length + jobs) + jobs;
  return {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'lab', namespace },
    spec: {
      hard: {
        pods: String(pods),
        'limits.cpu': String(Math.ceil(total('cpu'))),
        'limits.memory': `${total('memoryMb')}Mi`,
        'limits.ephemeral-storage': `${total('diskMb')}Mi`,
        'count/secrets': String(secretsEach * (own.length + jobs)),
        'count/configmaps': String(2 + own.length),
        'count/services': String(replacements * own.length + 1),
        persistentvolumeclaims: String(replacements * own.length),
        'services.nodeports': '0',
        'services.loadbalancers': '0',
      },
    },
  };
}

/** What a container takes that does not say; plain, because the client library's own type calls `default` otherwise. */
export function limitRange(namespace: string): object {
  const { memoryMb, diskMb } = gatewayLimits;
  return {
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { name: 'lab', namespace },
    spec: {
      limits: [
        {
          type: 'Container',
          default: { cpu: '1', memory: `${memoryMb}Mi`, 'ephemeral-storage': `${diskMb}Mi` },
          defaultRequest: { cpu: '10m', memory: '16Mi', 'ephemeral-storage': '16Mi' },
        },
      ],
    },
  };
}

function largest(limits: readonly Required<ComponentLimits>[]): Required<ComponentLimits> {
  const most = (what: keyof ComponentLimits) =>
    Math.max(gatewayLimits[what], ...limits.map((one) => one[what]));
  return { cpu: most('cpu'), memoryMb: most('memoryMb'), diskMb: most('diskMb'), pids: most('pids') };
}
