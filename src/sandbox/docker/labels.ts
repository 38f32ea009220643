/** What everything in the engine carries, so that it is found again whatever happened to its maker. */

import type { ContainerRole } from '../containers/types.ts';
import type { ResourceRef } from '../naming.ts';

export const label = {
  installation: 'dev.labwright.installation',
  sandbox: 'dev.labwright.sandbox',
  component: 'dev.labwright.component',
  generation: 'dev.labwright.generation',
  role: 'dev.labwright.role',
  createdAt: 'dev.labwright.created-at',
  /** Of an image that labs are made from: the hash of what is in it. */
  prepared: 'dev.labwright.prepared',
} as const;

export type LabelMap = Readonly<Record<string, string>>;

export interface LabelFacts extends ResourceRef {
  readonly role: ContainerRole;
  readonly createdAt: Date;
}

/** Of what belongs to a whole sandbox: its network and volumes. */
export function sandboxLabels(installationId: string, sandboxId: string, now: Date): Record<string, string> {
  return {
    [label.installation]: installationId,
    [label.sandbox]: sandboxId,
    [label.createdAt]: now.toISOString(),
  };
}

export function containerLabels(installationId: string, facts: LabelFacts): Record<string, string> {
  return {
    ...sandboxLabels(installationId, facts.sandboxId, facts.createdAt),
    [label.component]: facts.component,
    [label.generation]: String(facts.generation),
    [label.role]: facts.role,
  };
}

/** Null when it is not ours to read. */
export function readLabels(labels: LabelMap | undefined): LabelFacts | null {
  const [sandboxId, component] = [labels?.[label.sandbox], labels?.[label.component]];
  const role = labels?.[label.role];
  const generation = Number(labels?.[label.generation]);
  const createdAt = new Date(labels?.[label.createdAt] ?? '');
  if (!sandboxId || !component || !Number.isInteger(generation) || Number.isNaN(createdAt.getTime()))
    return null;
  if (role !== 'component' && role !== 'gateway' && role !== 'job') return null;
  return { sandboxId, component, generation, role, createdAt };
}

/** For the engine's `filters`: of this installation, and of one sandbox where it is named. */
export function labelFilter(installationId: string, sandboxId?: string): { label: string[] } {
  const installation = `${label.installation}=${installationId}`;
  return {
    label: sandboxId === undefined ? [installation] : [installation, `${label.sandbox}=${sandboxId}`],
  };
}
