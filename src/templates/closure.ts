/** What must be there for some components to work. */
import type { ComponentSpec } from './types.ts';

/**
 * The named components and all that they use, directly or not: what a fork of them holds. The shell that a `source`
 * runs from is among what its program uses. Null when one of them is not known.
 */
export function closureOf(
  names: readonly string[],
  components: Readonly<Record<string, ComponentSpec>>,
): readonly string[] | null {
  const found = new Set<string>();
  const visit = (name: string): boolean => {
    if (found.has(name)) return true;
    const spec = Object.hasOwn(components, name) ? components[name] : undefined;
    if (spec === undefined) return false;
    found.add(name);
    return copiedUses(spec).every(visit);
  };
  return names.every(visit) ? [...found] : null;
}

/** What a copy of it needs. A namespace cannot be copied: a copied workspace has no kubeconfig. */
export function copiedUses(spec: ComponentSpec): readonly string[] {
  const left = spec.kind === 'shell' ? (spec.kubeconfig ?? []) : [];
  return spec.uses.filter((name) => !left.includes(name));
}
