/** Small plans for tests of what a sandbox is made of in a cluster. */
import type { SandboxPlan } from '../../../src/lab/ports.ts';
import type { ComponentSpec } from '../../../src/templates/types.ts';
import { versionWith } from '../../support/versions.ts';

/** A database, an API and a workspace; with more components where they are given. */
export function planOf(
  sandboxId: string,
  more: Readonly<Record<string, ComponentSpec>> = {},
  origin: SandboxPlan | null = null,
): SandboxPlan {
  const usual = versionWith('small', 'hash');
  const specs = { ...usual.template.components, ...more };
  const components = Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, { name, spec, generation: 1 }]),
  );
  const version = versionWith('small', 'hash', { components: specs });
  return { sandboxId, version, components, params: {}, origin, variation: null };
}

export const production: ComponentSpec = {
  kind: 'namespace',
  uses: [],
  custody: 'trainee',
  objects: null,
  rights: ['deploy'],
  storage: {},
  pods: 20,
};
