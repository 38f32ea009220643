/** The labs of the attacks: the attacker's, the neighbour's, and one that has ended. */
import type { ComponentSpec, NamespaceRight } from '../../../src/templates/types.ts';
import { planFor } from '../../contracts/driver-contract-plans.ts';
import { versionWith } from '../../support/versions.ts';

const rights: readonly NamespaceRight[] = [
  ...(['deploy', 'exec', 'logs', 'port-forward', 'secrets', 'jobs'] as const),
  ...(['network-policies', 'service-accounts'] as const),
];
const namespace = {
  kind: 'namespace',
  ...{ uses: ['partner'], custody: 'trainee', objects: null, rights, storage: {}, pods: 40 },
} as const satisfies ComponentSpec;
const stub = {
  kind: 'stub',
  ...{ uses: [], custody: 'platform', file: 'partner.yaml', mood: 'calm', trainee: [] },
} as const satisfies ComponentSpec;
const workspace = {
  kind: 'shell',
  ...{ uses: [], custody: 'trainee', files: null, tools: [], kubeconfig: ['production'] },
} as const satisfies ComponentSpec;

function lab(components: Readonly<Record<string, ComponentSpec>>) {
  const yaml = 'routes: [{ method: GET, path: /, answer: { status: 200, json: {} } }]\n';
  const files = new Map([['partner.yaml', new TextEncoder().encode(yaml)]]);
  return { ...versionWith('kubernetes', `hash-${Object.keys(components).join('-')}`, { components }), files };
}

/** `production` and `vault` use `partner`, and not `bank`. */
export const attackerLab = () =>
  planFor(
    'sb-attacker',
    lab({ partner: stub, bank: stub, production: namespace, vault: namespace, workspace }),
  );
export const neighbourLab = () => planFor('sb-neighbour', lab({ partner: stub, production: namespace }));
export const endedLab = () => planFor('sb-ended', lab({ production: { ...namespace, uses: [] } }));
