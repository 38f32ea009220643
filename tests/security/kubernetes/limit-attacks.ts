/** More of the cluster than a lab may take. */
import { ownNames } from '../../../src/sandbox/kubernetes/trainee/own-names.ts';
import { idle, pathOf, podObject, service } from './objects.ts';
import { asked, type In } from './tries.ts';

const noRight = { defence: 'no right on it', off: 'that right' };
const ourName = {
  defence: 'names that are ours, for whoever has the right',
  off: 'an account without that rule',
};
const noQuota = { defence: 'the quota', off: 'a namespace without it' };
const inQuota = { run: ['trainee', 'vault'], control: ['trainee', 'withoutQuotas'] } as const;

const patch = (kind: string, name: string, body: object) => (ground: string) => ({
  ...{ method: 'PATCH' as const, path: pathOf(ground, kind, name), body },
});
const post = (kind: string, body: object) => (ground: string) => ({
  ...{ method: 'POST' as const, path: pathOf(ground, kind), body },
});

export const limitAttacks: readonly In[] = [
  asked({
    name: 'raises its quota',
    ...noRight,
    run: ['unruled', 'vault'],
    control: ['free', 'spare'],
    request: patch('resourcequotas', ownNames.quota, { spec: { hard: { pods: '500' } } }),
  }),
  asked({
    name: 'raises its quota, by a right that somebody gave it',
    ...ourName,
    run: ['granted', 'vault'],
    control: ['free', 'spare'],
    request: patch('resourcequotas', ownNames.quota, { spec: { hard: { 'limits.cpu': '500' } } }),
  }),
  asked({
    name: 'removes its limits, by a right that somebody gave it',
    ...ourName,
    run: ['granted', 'vault'],
    // Where there is a quota no other pod could be made after it.
    control: ['free', 'withoutQuotas'],
    request: (ground) => ({ method: 'DELETE', path: pathOf(ground, 'limitranges', ownNames.limits) }),
  }),
  asked({
    name: 'runs a pod that may take every processor of the node',
    ...{ ...noQuota, ...inQuota },
    request: (ground) => {
      const resources = { limits: { cpu: '400' }, requests: { cpu: '1m' } };
      const body = podObject(ground, 'greedy', idle, { container: { resources } });
      return post('pods', body)(ground);
    },
  }),
  asked({
    name: 'runs a pod that pushes those of others off the node',
    ...{ ...noQuota, ...inQuota },
    request: (ground) => {
      const body = podObject(ground, 'urgent', 'true', {
        pod: { priorityClassName: 'system-node-critical' },
      });
      return post('pods', body)(ground);
    },
  }),
  asked({
    name: 'opens a port of all nodes, where no rule of names and Services holds it',
    ...noQuota,
    run: ['unruled', 'vault'],
    control: ['unruled', 'withoutQuotas'],
    request: post('services', service('port', 'probe', { type: 'NodePort' })),
  }),
];
