/** What is ours in a trainee's namespace: it bounds what the trainee can do there, and they cannot change it. Pure. */
import type { V1Namespace } from '@kubernetes/client-node';
import type { SandboxPlan } from '../../../lab/ports.ts';
import type { NamespaceComponent } from '../../../templates/types.ts';
import type { Piece } from '../../part.ts';
import { label } from '../labels.ts';
import { labelValue } from '../names.ts';
import type { OwnPlace } from '../options.ts';
import { sandboxNamespace } from '../spaces-objects.ts';
import type { Spaces } from '../types.ts';
import { peersAnnotation } from './admission.ts';
import { accountName, ownNames, ownPrefix } from './own-names.ts';
import { fencePolicies, openings } from './policies.ts';
import { limitRange, priorityQuota, quota } from './quota.ts';
import { rulesOf } from './rights.ts';

export interface FenceNeeds {
  readonly installationId: string;
  readonly spaces: Pick<Spaces, 'controlOf' | 'traineeOf'>;
  readonly own: OwnPlace | null;
}

export interface Fence {
  readonly namespace: V1Namespace;
  /** Held to for as long as the namespace is there. */
  readonly ours: readonly FenceObject[];
  /** There at the start, and then the trainee's. */
  readonly theirs: readonly FenceObject[];
}

export interface FenceObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
}

/** Kubernetes' own default: names of Services end with it. */
const clusterDomain = 'cluster.local';
const rbac = 'rbac.authorization.k8s.io';

export function fenceOf({ plan, ref, spec }: Piece<NamespaceComponent>, needs: FenceNeeds, now: Date): Fence {
  const { installationId, spaces, own } = needs;
  const name = spaces.traineeOf(ref);
  const control = spaces.controlOf(plan.sandboxId);
  const uses = spec.uses.filter((one) => plan.components[one]?.spec.kind !== 'namespace');
  const policyNeeds = {
    namespace: name,
    installationId,
    sandboxId: plan.sandboxId,
    rights: spec.rights,
    uses,
    own,
  };
  const namespace = sandboxNamespace(name, 'trainee', plan.sandboxId, needs, now, {
    [label.component]: labelValue(ref.component),
    [label.generation]: String(ref.generation),
  });
  const peers = { [peersAnnotation]: traineeNamespaces(plan, spaces).join(',') };
  const opened = openings(policyNeeds);
  const areTheirs = spec.rights.includes('network-policies');
  return {
    namespace: {
      ...namespace,
      metadata: { ...namespace.metadata, annotations: { ...namespace.metadata?.annotations, ...peers } },
    },
    ours: [
      ...[quota(spec, name), priorityQuota(name), limitRange(name), ...fencePolicies(policyNeeds)],
      ...(areTheirs ? [] : opened.map((one) => named(one, `${ownPrefix}${one.metadata.name}`))),
      role(spec, name),
      binding(name, control),
    ],
    theirs: [
      defaultAccount(name),
      ...uses.map((one) => nameOf(one, control, name)),
      ...(areTheirs ? opened : []),
    ],
  };
}

/** Real names of all of a lab's namespaces that are the trainee's. */
function traineeNamespaces(plan: SandboxPlan, spaces: FenceNeeds['spaces']): readonly string[] {
  const { sandboxId } = plan;
  return Object.values(plan.components)
    .filter(({ spec }) => spec.kind === 'namespace')
    .map(({ name }) => spaces.traineeOf({ sandboxId, component: name }));
}

function named<T extends FenceObject>(object: T, name: string): T {
  return { ...object, metadata: { ...object.metadata, name } };
}

const role = (spec: NamespaceComponent, namespace: string) => ({
  apiVersion: `${rbac}/v1`,
  kind: 'Role',
  metadata: { name: ownNames.role, namespace },
  rules: rulesOf(spec.rights, namespace),
});

const binding = (namespace: string, control: string) => ({
  apiVersion: `${rbac}/v1`,
  kind: 'RoleBinding',
  metadata: { name: ownNames.role, namespace },
  roleRef: { apiGroup: rbac, kind: 'Role', name: ownNames.role },
  subjects: [{ kind: 'ServiceAccount', name: accountName, namespace: control }],
});

/** Components' facts name their hosts as everybody in the lab knows them. */
const nameOf = (component: string, control: string, namespace: string) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: component, namespace },
  spec: { type: 'ExternalName', externalName: `${component}.${control}.svc.${clusterDomain}` },
});

/** Pods get no token unless they ask for one; it has no rights either way. */
const defaultAccount = (namespace: string) => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: 'default', namespace },
  automountServiceAccountToken: false,
});
