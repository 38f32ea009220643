/** On what closes a trainee's namespace: they may write policies of their own, and policies add up. */
import { egressPolicy, pathOf, service } from './objects.ts';
import { asked, type In } from './tries.ts';

/** An account that may do the same, and whose name the rule does not know. */
const off = 'an account that the rule of the cluster does not hold for';
const sides = { off, run: ['trainee', 'vault'], control: ['unruled', 'spare'] } as const;
const ours = { ...sides, defence: 'nobody touches what has a name of ours' };
const inside = { ...sides, defence: "egress leads to pods of the lab's own namespaces" };
const own = { ...sides, defence: 'Services lead to pods of their own namespace' };

const policies = 'networkpolicies';
const put = (resource: string, body: object) => (ground: string) => ({
  ...{ method: 'POST' as const, path: pathOf(ground, resource), body },
});
const named = (name: string) => ({ matchLabels: { 'kubernetes.io/metadata.name': name } });

export const policyAttacks: readonly In[] = [
  asked({
    name: 'removes the policy that closes its namespace',
    ...ours,
    request: (ground) => ({ method: 'DELETE', path: pathOf(ground, policies, 'labwright-names') }),
  }),
  asked({
    name: 'clears all policies away at once',
    ...ours,
    request: (ground) => ({
      method: 'DELETE',
      path: `${pathOf(ground, policies)}?fieldSelector=metadata.name%3Dlabwright-deny`,
    }),
  }),
  asked({
    name: 'makes one of our policies open what it closes',
    ...ours,
    request: (ground) => ({
      method: 'PATCH',
      path: pathOf(ground, policies, 'labwright-uses'),
      body: { spec: { egress: [{}] } },
    }),
  }),
  asked({
    name: 'puts a policy of its own under a name of ours',
    ...ours,
    request: put(policies, egressPolicy('labwright-graders', [])),
  }),
  asked({
    name: 'has the cluster make up a name of ours',
    ...ours,
    request: put('configmaps', { metadata: { generateName: 'labwright-' } }),
  }),
  asked({
    name: 'lets its pods out to everywhere',
    ...inside,
    request: put(policies, egressPolicy('everywhere', [{}])),
  }),
  asked({
    name: 'lets its pods out to an address',
    ...inside,
    request: put(policies, egressPolicy('address', [{ to: [{ ipBlock: { cidr: '169.254.169.254/32' } }] }])),
  }),
  asked({
    name: 'lets its pods out to the neighbour, by name',
    ...inside,
    request: (ground, { theirs }) =>
      put(policies, egressPolicy('neighbour', [{ to: [{ namespaceSelector: named(theirs) }] }]))(ground),
  }),
  asked({
    name: 'lets its pods out to whatever has our labels',
    ...inside,
    request: put(
      policies,
      egressPolicy('labels', [
        { to: [{ namespaceSelector: { matchLabels: { 'labwright.dev/space': 'trainee' } } }] },
      ]),
    ),
  }),
  asked({
    name: 'captures traffic to an address by a Service with externalIPs',
    ...own,
    request: put('services', service('captured', 'probe', { externalIPs: ['203.0.113.7'] })),
  }),
  asked({
    name: 'gives a name of its own to a Service of the neighbour',
    ...own,
    request: (ground, { theirs }) =>
      put(
        'services',
        service('elsewhere', 'probe', { type: 'ExternalName', externalName: `open.${theirs}.svc` }),
      )(ground),
  }),
  asked({
    name: 'has a load balancer let everybody in',
    ...own,
    run: ['trainee', 'withoutQuotas'],
    control: ['unruled', 'withoutQuotas'],
    request: put('services', service('balanced', 'probe', { type: 'LoadBalancer' })),
  }),
  asked({
    name: 'opens a port of all nodes',
    ...own,
    run: ['trainee', 'withoutQuotas'],
    control: ['unruled', 'withoutQuotas'],
    request: put('services', service('opened', 'probe', { type: 'NodePort' })),
  }),
  asked({
    name: 'leads a Service to addresses of others by hand-made endpoints',
    defence: 'no right to write endpoints',
    off: 'that right',
    run: ['trainee', 'vault'],
    control: ['granted', 'spare'],
    request: put('endpointslices', {
      metadata: { name: 'led', labels: { 'kubernetes.io/service-name': 'led' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['203.0.113.7'] }],
      ports: [{ port: 80 }],
    }),
  }),
  asked({
    name: 'takes the host name of another site by an Ingress',
    defence: 'no right on ingresses',
    off: 'that right',
    run: ['trainee', 'vault'],
    control: ['granted', 'spare'],
    request: put('ingresses', {
      metadata: { name: 'site' },
      spec: {
        rules: [{ host: 'labwright.test' }],
        defaultBackend: { service: { name: 'web', port: { number: 80 } } },
      },
    }),
  }),
];
