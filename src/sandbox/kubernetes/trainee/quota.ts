/** What a trainee's namespace may take of the cluster. Pure. */
import type { NamespaceComponent } from '../../../templates/types.ts';
import { ownNames, ownPrefix } from './own-names.ts';

/** Of a container that does not say. */
const container = { cpuMilli: 500, memoryMb: 256, diskMb: 512 };
/** For one or two that say more. */
const extraMb = 1_024;
/** Megabytes that trainees may claim besides what is there from the start. */
const ownClaimsMb = 2_048;
const ownClaims = 5;

/** As many pods as there may be fit in, unless the template says how much all of them may take. */
export function quota({ pods, storage, rights, limits = {} }: NamespaceComponent, namespace: string) {
  const volumes = Object.values(storage);
  // Whoever looks into a volume is a pod beside the trainee's.
  const all = pods + (volumes.length > 0 ? 1 : 0);
  const mayClaim = rights.includes('pvc');
  const memoryMb = limits.memoryMb ?? all * container.memoryMb + extraMb;
  const cpuMilli = limits.cpu === undefined ? all * container.cpuMilli : limits.cpu * 1_000;
  const diskMb = limits.diskMb ?? all * container.diskMb + extraMb;
  const storageMb = volumes.reduce((sum, one) => sum + one, 0) + (mayClaim ? ownClaimsMb : 0);
  return {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: ownNames.quota, namespace },
    spec: {
      hard: {
        pods: String(all),
        'limits.cpu': `${Math.ceil(cpuMilli)}m`,
        'limits.memory': `${memoryMb}Mi`,
        'limits.ephemeral-storage': `${diskMb}Mi`,
        persistentvolumeclaims: String(volumes.length + (mayClaim ? ownClaims : 0)),
        'requests.storage': `${storageMb}Mi`,
        'services.nodeports': '0',
        'services.loadbalancers': '0',
        'count/services': '20',
        'count/configmaps': '50',
        'count/secrets': '50',
        'count/serviceaccounts': '20',
        'count/deployments.apps': '30',
        'count/replicasets.apps': '200',
        'count/statefulsets.apps': '20',
        'count/daemonsets.apps': '10',
        'count/jobs.batch': '100',
        'count/cronjobs.batch': '20',
        'count/networkpolicies.networking.k8s.io': '30',
      },
    },
  };
}

/** No pod of a trainee may push others' off a node. */
export function priorityQuota(namespace: string) {
  const values = ['system-cluster-critical', 'system-node-critical'];
  return {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: `${ownPrefix}priority`, namespace },
    spec: {
      hard: { pods: '0' },
      scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values }] },
    },
  };
}

export function limitRange(namespace: string) {
  const { cpuMilli, memoryMb, diskMb } = container;
  return {
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { name: ownNames.limits, namespace },
    spec: {
      limits: [
        {
          type: 'Container',
          default: {
            cpu: `${cpuMilli}m`,
            memory: `${memoryMb}Mi`,
            'ephemeral-storage': `${diskMb}Mi`,
          },
          defaultRequest: { cpu: '10m', memory: '16Mi', 'ephemeral-storage': '16Mi' },
        },
      ],
    },
  };
}
