/** Single changes to objects of a namespace. Refusals of the cluster are thrown and become the step's reason. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ActContext, ActionOutcome, NamespacesHandle, Value } from '../grading/types.ts';
import type { Actor, KubernetesObject, ObjectRef } from '../lab/namespaces.ts';
import { kindOf } from '../observers/kubernetes-kinds.ts';
import { nameOf, readManifests } from '../templates/manifests.ts';
import { isObject } from '../templates/tree.ts';
import type { Json } from '../templates/types.ts';
import { failed } from './act.ts';
import {
  type PatchSpec,
  type ReferenceSpec,
  type RolledSpec,
  referenceOf,
  type ScaleSpec,
  type SetImageSpec,
} from './kubernetes-spec.ts';

/** Where and as whom. */
export interface Acting {
  readonly cluster: NamespacesHandle;
  readonly component: string;
  readonly as: Actor;
  readonly context: ActContext;
  readonly signal: AbortSignal;
}

const pollMs = 250;

export async function applyFile(path: string, acting: Acting): Promise<ActionOutcome> {
  const { cluster, component, as, context, signal } = acting;
  const bytes = context.templateFile(path);
  if (bytes === null) return failed(`The template has no file ${path}.`);
  const { manifests, problems } = readManifests(new TextDecoder().decode(bytes));
  const [problem] = problems;
  if (problem !== undefined) return failed(`${path}:${problem.line}: ${problem.message}.`);
  const filled = manifests.map((one) => ({
    ...one,
    object: context.fill.value(one.object) as KubernetesObject,
  }));
  await cluster.apply(
    component,
    as,
    filled.map(({ object }) => object),
    signal,
  );
  const objects = filled.map((one) => ({
    kind: String(one.object.kind),
    name: nameOf(one).split(' ')[1] ?? '',
  }));
  return { ok: true, value: { objects } };
}

export async function deleteObject(asked: ReferenceSpec, acting: Acting): Promise<ActionOutcome> {
  const { cluster, component, as, context, signal } = acting;
  const ref = referenceOf(asked, context.fill);
  await cluster.remove(component, as, ref, signal);
  while ((await find(ref, acting)) !== null) await sleep(pollMs, undefined, { signal });
  return { ok: true, value: {} };
}

export async function scaleObject(asked: ScaleSpec, acting: Acting): Promise<ActionOutcome> {
  const { cluster, component, as, context, signal } = acting;
  const replicas = Number(context.fill.value(asked.replicas));
  if (!Number.isInteger(replicas) || replicas < 0)
    return failed(`replicas is ${replicas}, which is no number of pods.`);
  await cluster.scale(component, as, referenceOf(asked, context.fill), replicas, signal);
  return { ok: true, value: {} };
}

export async function patchObject(asked: PatchSpec, acting: Acting): Promise<ActionOutcome> {
  const patch = acting.context.fill.value(asked.patch) as KubernetesObject;
  return patched(referenceOf(asked, acting.context.fill), patch, acting);
}

export async function setImage(asked: SetImageSpec, acting: Acting): Promise<ActionOutcome> {
  const { fill } = acting.context;
  const ref = referenceOf(asked, fill);
  const object = await find(ref, acting);
  if (object === null) return absent(ref);
  const name = fill.text(asked.container);
  // A merge would add a container that is not there.
  const pods = podSpecPath(ref.kind);
  const known = namesOf(pods.reduce<Json | undefined>(child, object));
  if (!known.includes(name)) {
    return failed(`${ref.kind} ${ref.name} has no container ${name}; it has ${known.join(', ') || 'none'}.`);
  }
  return patched(ref, nest(pods, { containers: [{ name, image: fill.text(asked.image) }] }), acting);
}

export async function restartPods(asked: RolledSpec, acting: Acting): Promise<ActionOutcome> {
  const annotations = { 'kubectl.kubernetes.io/restartedAt': new Date().toISOString() };
  const patch = { spec: { template: { metadata: { annotations } } } };
  return patched(referenceOf(asked, acting.context.fill), patch, acting);
}

export async function patched(
  ref: ObjectRef,
  patch: KubernetesObject,
  acting: Acting,
): Promise<ActionOutcome> {
  const { cluster, component, as, signal } = acting;
  const object = await cluster.patch(component, as, ref, patch, signal);
  return { ok: true, value: { object: object as Value } };
}

/** The object as it is; null when it is not there. */
export async function find(
  { apiVersion, kind, name }: ObjectRef,
  { cluster, component, signal }: Acting,
): Promise<KubernetesObject | null> {
  const [found = null] = await cluster.list(component, { apiVersion, kind, name, limit: 1 }, signal);
  return found;
}

export function absent({ kind, name }: ObjectRef): ActionOutcome {
  return failed(`There is no ${kind} ${name}.`);
}

export const ofKind = (kind: string, name: string): ObjectRef => ({ ...kindOf({ kind }), name });

export function child(value: Json | undefined, key: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function podSpecPath(kind: string): readonly string[] {
  if (kind === 'Pod') return ['spec'];
  const template = ['spec', 'template', 'spec'];
  return kind === 'CronJob' ? ['spec', 'jobTemplate', ...template] : template;
}

const nest = (path: readonly string[], inner: KubernetesObject): KubernetesObject =>
  path.reduceRight<KubernetesObject>((value, key) => ({ [key]: value as Json }), inner);

function namesOf(podSpec: Json | undefined): readonly string[] {
  const containers = child(podSpec, 'containers');
  return Array.isArray(containers) ? containers.map((one) => String(child(one, 'name') ?? '')) : [];
}
