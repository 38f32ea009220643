/** Going back to the pods before the newest change of a Deployment, as `kubectl rollout undo` does. */
import type { ActionOutcome } from '../grading/types.ts';
import type { KubernetesObject } from '../lab/namespaces.ts';
import { kindOf } from '../observers/kubernetes-kinds.ts';
import { limits } from '../observers/limits.ts';
import { isObject } from '../templates/tree.ts';
import type { Json } from '../templates/types.ts';
import { failed } from './act.ts';
import { type Acting, absent, child, find, ofKind, patched } from './kubernetes-changes.ts';
import type { UndoSpec } from './kubernetes-spec.ts';

const revisionKey = 'deployment.kubernetes.io/revision';
const hashLabel = 'pod-template-hash';

export async function undoRollout(asked: UndoSpec, acting: Acting): Promise<ActionOutcome> {
  const { cluster, component, context, signal } = acting;
  const ref = ofKind(asked.kind, context.fill.text(asked.name));
  const deployment = await find(ref, acting);
  if (deployment === null) return absent(ref);
  const query = { ...kindOf({ kind: 'ReplicaSet' }), limit: limits.objects };
  const sets = await cluster.list(component, query, signal);
  const own = sets.filter((set) => ownerOf(set) === child(child(deployment, 'metadata'), 'uid'));
  const [, previous] = own.sort((a, b) => revisionOf(b) - revisionOf(a));
  const template = child(child(previous, 'spec'), 'template');
  if (!isObject(template)) return failed(`Deployment ${ref.name} has no pods to go back to.`);
  return patched(ref, { spec: { template: { $patch: 'replace', ...withoutHash(template) } } }, acting);
}

function revisionOf(set: KubernetesObject): number {
  return Number(child(child(child(set, 'metadata'), 'annotations'), revisionKey) ?? 0);
}

function ownerOf(set: KubernetesObject): Json | undefined {
  const owners = child(child(set, 'metadata'), 'ownerReferences');
  return Array.isArray(owners) ? child(owners[0], 'uid') : undefined;
}

/** The label is of the one set of pods. */
function withoutHash(template: { readonly [key: string]: Json }): { readonly [key: string]: Json } {
  const metadata = child(template, 'metadata');
  const labels = child(metadata, 'labels');
  if (!isObject(metadata) || !isObject(labels)) return template;
  const { [hashLabel]: _, ...rest } = labels;
  return { ...template, metadata: { ...metadata, labels: rest } };
}
