/**
 * Names of everything that a sandbox is made of. Pure: they derive from the installation, the sandbox's id, the
 * component and its generation, so that nothing has to be remembered to find a resource again. Two different resources
 * never have one name, and no name is longer than PostgreSQL's 63 bytes.
 */
import { createHash } from 'node:crypto';

/** Which resource is meant. */
export interface ResourceRef {
  readonly sandboxId: string;
  readonly component: string;
  readonly generation: number;
}

/** `t` trainee, `c` checker, `a` sample API, `g` grader. */
export type LabRole = 't' | 'c' | 'a' | 'g';

/** Roles without login that privileges are given to. */
export const groupNames = ['owner', 'read_only', 'read_write', 'api', 'maintain', 'statistics'] as const;
export type GroupName = (typeof groupNames)[number];

export interface Naming {
  /** What all names of this installation begin with, such as `lw3f0a_`. */
  readonly prefix: string;
  database(ref: ResourceRef): string;
  role(ref: ResourceRef, role: LabRole): string;
  /** The template database of this content. */
  templateDatabase(contentHash: string): string;
  /** Roles without login that privileges are given to. */
  group(name: GroupName): string;
  /** What all databases and roles of a sandbox begin with. */
  sandboxPrefix(sandboxId: string): string;
  /** Takes a database's or role's name apart; null when it is not one of a sandbox of this installation. */
  parse(
    name: string,
  ): { readonly sandboxPart: string; readonly componentPart: string; readonly generation: number } | null;
}

export function createNaming(installationId: string): Naming {
  const prefix = `lw${hex(installationId, 4)}_`;
  const sandboxPrefix = (sandboxId: string) => `${prefix}s_${sandboxPart(sandboxId)}_`;
  const database = ({ sandboxId, component, generation }: ResourceRef) =>
    `${sandboxPrefix(sandboxId)}${componentPart(component)}_${generation}`;
  const shape = new RegExp(`^${prefix}s_(.+)_([a-z0-9]+)_(\\d+)(?:_[tcag])?$`);
  return {
    prefix,
    database,
    role: (ref, role) => `${database(ref)}_${role}`,
    templateDatabase: (contentHash) => `${prefix}t_${contentHash.slice(0, 32)}`,
    group: (name) => `${prefix}g_${name}`,
    sandboxPrefix,
    parse(name) {
      const [, sandbox, component, generation] = shape.exec(name) ?? [];
      if (sandbox === undefined || component === undefined) return null;
      return { sandboxPart: sandbox, componentPart: component, generation: Number(generation) };
    },
  };
}

/** A sandbox's folder, below the folder of all sandboxes. */
export function sandboxFolder(sandboxId: string): string {
  return sandboxPart(sandboxId);
}

/** A shell component's workspace, below its sandbox's folder. */
export function workspaceFolder({ component, generation }: Omit<ResourceRef, 'sandboxId'>): string {
  return `${componentPart(component)}-${generation}`;
}

/** At most 33 bytes. An id without underscores stays readable; any other becomes a hash, which is longer than those. */
export function sandboxPart(sandboxId: string): string {
  return /^[a-z0-9][a-z0-9-]{0,31}$/.test(sandboxId)
    ? sandboxId.replaceAll('-', '_')
    : `x${hex(sandboxId, 32)}`;
}

/** At most 10 bytes: a short plain name as it is, any other as ten letters of its hash. */
export function componentPart(component: string): string {
  return /^[a-z][a-z0-9]{0,8}$/.test(component) ? component : `x${hex(component, 9)}`;
}

function hex(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}
