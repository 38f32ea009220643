/** What every object in the cluster carries, so that it is found again whatever happened to its maker. */
import type { V1ObjectMeta } from '@kubernetes/client-node';
import type { ContainerRole } from '../containers/types.ts';
import type { ResourceRef } from '../naming.ts';
import { labelValue } from './names.ts';

export const label = {
  installation: 'labwright.dev/installation',
  /** Of all namespaces and objects of a sandbox; its id, or the hash of a long one. */
  sandbox: 'labwright.dev/sandbox',
  component: 'labwright.dev/component',
  generation: 'labwright.dev/generation',
  role: 'labwright.dev/role',
  /** Of the namespaces of a fork: the sandbox that it is made from. */
  origin: 'labwright.dev/origin',
  /** Of a namespace: `control`, `trainee` or `shared`. */
  space: 'labwright.dev/space',
} as const;

export const annotation = {
  /** The sandbox's id itself. */
  sandboxId: 'labwright.dev/sandbox-id',
  createdAt: 'labwright.dev/created-at',
  /** Of a namespace: what was put into it, once all of it was. */
  made: 'labwright.dev/made',
  /** Of a pod whose program we ended or hold (`ended`, `held`), or that is yet to be filled or begun (`unfilled`). */
  state: 'labwright.dev/state',
  /** Of a pod that runs a copy of a workspace: the workspace's component. */
  source: 'labwright.dev/source',
  /** Of a pod whose program is to be ended otherwise than by TERM. */
  stopSignal: 'labwright.dev/stop-signal',
} as const;

export type LabelMap = Readonly<Record<string, string>>;
export type SpaceKind = 'control' | 'trainee' | 'shared';

export interface LabelFacts extends ResourceRef {
  readonly role: ContainerRole;
  readonly createdAt: Date;
}

/** Labels and annotations of what belongs to a whole sandbox. */
export function sandboxMeta(installationId: string, sandboxId: string, now: Date) {
  return {
    labels: {
      [label.installation]: labelValue(installationId),
      [label.sandbox]: labelValue(sandboxId),
    },
    annotations: { [annotation.sandboxId]: sandboxId, [annotation.createdAt]: now.toISOString() },
  };
}

/** Of what belongs to one generation of a component. */
export function componentMeta(installationId: string, facts: LabelFacts) {
  const { labels, annotations } = sandboxMeta(installationId, facts.sandboxId, facts.createdAt);
  return {
    annotations,
    labels: {
      ...labels,
      [label.component]: labelValue(facts.component),
      [label.generation]: String(facts.generation),
      [label.role]: facts.role,
    },
  };
}

/** Null when it is not ours to read. */
export function readMeta(meta: V1ObjectMeta | undefined): LabelFacts | null {
  const { labels = {}, annotations = {} } = meta ?? {};
  const [sandboxId, component] = [annotations[annotation.sandboxId], labels[label.component]];
  const role = labels[label.role];
  const generation = Number(labels[label.generation]);
  const createdAt = new Date(annotations[annotation.createdAt] ?? '');
  if (!sandboxId || !component || !Number.isInteger(generation) || Number.isNaN(createdAt.getTime()))
    return null;
  if (role !== 'component' && role !== 'gateway' && role !== 'job') return null;
  return { sandboxId, component, generation, role, createdAt };
}

/** A selector: of this installation, and of one sandbox where it is named. */
export function selectorOf(installationId: string, sandboxId?: string): string {
  const installation = `${label.installation}=${labelValue(installationId)}`;
  return sandboxId === undefined ? installation : `${installation},${label.sandbox}=${labelValue(sandboxId)}`;
}
