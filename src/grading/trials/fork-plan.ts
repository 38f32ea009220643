/** What a fork is made of. Pure. */
import { closureOf } from '../../templates/closure.ts';
import type { Template } from '../../templates/types.ts';

type Components = Template['components'];

/** The named components and all that they use, in the template's order. */
export function closure(names: readonly string[], components: Components): readonly string[] {
  const whole = new Set(closureOf(names, components));
  return Object.keys(components).filter((name) => whole.has(name));
}

/** Those that hold data and are cloned; programs start fresh over them. */
export function dataOf(names: readonly string[], components: Components): readonly string[] {
  return names.filter((name) => components[name]?.kind === 'postgres' || components[name]?.kind === 'shell');
}

/** Those that stand still while they are cloned. */
export function databasesOf(names: readonly string[], components: Components): readonly string[] {
  return names.filter((name) => components[name]?.kind === 'postgres');
}
