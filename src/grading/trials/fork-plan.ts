/** What a fork is made of. Pure. */
import { copiedUses } from '../../templates/closure.ts';
import type { ComponentSpec, Template } from '../../templates/types.ts';

type Components = Template['components'];

/** The named components, all that they use, and the shells that their programs run from; in the template's order. */
export function closure(names: readonly string[], components: Components): readonly string[] {
  const whole = new Set<string>();
  const add = (name: string): void => {
    const spec = components[name];
    if (spec === undefined || whole.has(name)) return;
    whole.add(name);
    for (const needed of needsOf(spec)) add(needed);
  };
  for (const name of names) add(name);
  return Object.keys(components).filter((name) => whole.has(name));
}

/** What must run, or be there, before a component. */
export function needsOf(spec: ComponentSpec): readonly string[] {
  const from = (spec.kind === 'service' || spec.kind === 'sample-api') && spec.source !== null;
  return from ? [...new Set([...spec.uses, spec.source.shell])] : copiedUses(spec);
}

/** Those that hold data and are cloned; programs start fresh over them. */
export function dataOf(names: readonly string[], components: Components): readonly string[] {
  return names.filter((name) => components[name]?.kind === 'postgres' || components[name]?.kind === 'shell');
}

/** Those that stand still while they are cloned. */
export function databasesOf(names: readonly string[], components: Components): readonly string[] {
  return names.filter((name) => components[name]?.kind === 'postgres');
}
