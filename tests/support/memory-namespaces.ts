/** A namespace in memory with its objects, bound to a handle. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bindNamespaces } from '../../src/grading/sandbox-handle.ts';
import type { NamespacesHandle } from '../../src/grading/types.ts';
import type { KubernetesObject } from '../../src/lab/namespaces.ts';
import type { SandboxPlan } from '../../src/lab/ports.ts';
import { planFor } from '../contracts/driver-contract-plans.ts';
import { namespacesVersion } from '../contracts/namespaces-contract.ts';
import {
  type MemoryNamespaces,
  type MemoryNamespacesOptions,
  memoryNamespaces,
} from '../fakes/memory-namespaces.ts';

export interface OpenedNamespaces {
  readonly all: MemoryNamespaces;
  readonly plan: SandboxPlan;
  readonly handle: NamespacesHandle;
  apply(...manifests: KubernetesObject[]): Promise<void>;
  close(): Promise<void>;
}

/** The component `production`, which is there and empty. */
export async function openMemoryNamespaces(
  options: Omit<MemoryNamespacesOptions, 'folder'> = {},
): Promise<OpenedNamespaces> {
  const folder = await mkdtemp(join(tmpdir(), 'namespaces-'));
  const all = memoryNamespaces({ folder, ...options });
  const plan = planFor('sbx-memory', namespacesVersion());
  const signal = new AbortController().signal;
  await all.createNamespace(plan, 'production', signal);
  return {
    all,
    plan,
    handle: bindNamespaces(all, plan),
    apply: (...manifests) => all.apply(plan, 'production', 'grader', manifests, signal),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
