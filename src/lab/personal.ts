/** What of a template cannot be made before a lab's parameters are drawn. Pure. */
import type { ComponentSpec, Json } from '../templates/types.ts';

export interface PersonalNeeds {
  /** Components that wait for the parameters: a spare is complete without them. */
  readonly personal: ReadonlySet<string>;
  /** Something is personal, or is finished only by the parameters: one sandbox cannot stand in for another. */
  readonly drawsFirst: boolean;
}

/**
 * A database with an overlay is made before, as its rows may be what parameters are drawn from, and finished after.
 * Whatever uses it, or something personal, waits.
 */
export function needsOf(components: Readonly<Record<string, ComponentSpec>>): PersonalNeeds {
  const finishedLater = Object.keys(components).filter((name) => hasOverlay(components[name]));
  const personal = new Set(Object.keys(components).filter((name) => holdsParams(components[name])));
  for (let before = -1; before !== personal.size; ) {
    before = personal.size;
    for (const [name, spec] of Object.entries(components)) {
      if (spec.uses.some((used) => personal.has(used) || finishedLater.includes(used))) personal.add(name);
    }
  }
  return { personal, drawsFirst: personal.size > 0 || finishedLater.length > 0 };
}

function hasOverlay(spec: ComponentSpec | undefined): boolean {
  return spec?.kind === 'postgres' && spec.overlay.length > 0;
}

function holdsParams(spec: ComponentSpec | undefined): boolean {
  // Their files are not in the spec.
  if (spec?.kind === 'stub' || spec?.kind === 'namespace') return true;
  return (spec?.kind === 'service' || spec?.kind === 'sample-api') && mentionsParams(spec.env);
}

function mentionsParams(env: Readonly<Record<string, Json>>): boolean {
  return Object.values(env).some((value) => /\{\{\s*params\b/.test(String(value)));
}
