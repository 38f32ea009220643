/**
 * Names of namespaces. Pure, so that nothing has to be remembered to find one again; two different ones never have one
 * name, and each is a DNS label of at most 63 characters.
 */
import { createHash } from 'node:crypto';
import { componentPart, type ResourceRef } from '../naming.ts';

export interface Names {
  /** What all namespaces of this installation begin with. */
  readonly prefix: string;
  /** Where our own objects of a sandbox are. */
  controlOf(sandboxId: string): string;
  /** A trainee's namespace. */
  traineeOf(ref: Pick<ResourceRef, 'sandboxId' | 'component'>): string;
  readonly shared: string;
}

export function createNames(installationId: string): Names {
  const prefix = `lw${hex(installationId, 8)}`;
  return {
    prefix,
    // The letter keeps one kind from ever having a name of the other.
    controlOf: (sandboxId) => `${prefix}-c-${sandboxPart(sandboxId)}`,
    traineeOf: ({ sandboxId, component }) =>
      `${prefix}-n-${sandboxPart(sandboxId)}-${componentPart(component)}`,
    shared: `${prefix}-shared`,
  };
}

/** At most 33 characters: an id that is a short DNS label as it is, any other as its hash, which is longer than those. */
export function sandboxPart(sandboxId: string): string {
  return /^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/.test(sandboxId) ? sandboxId : `x${hex(sandboxId, 32)}`;
}

/** What may be the value of a label: the text as it is, or its hash. Two different texts never have one value. */
export function labelValue(text: string): string {
  const isPlain = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/.test(text);
  return isPlain && !/^x[0-9a-f]{32}$/.test(text) ? text : `x${hex(text, 32)}`;
}

function hex(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}
