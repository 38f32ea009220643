/** What a trial's forks hold: what its steps may name. */
import type { ValueType } from '../grading/types.ts';
import { closureOf } from './closure.ts';
import type { Path } from './problem.ts';
import { componentOf, declaredNames, type Scene } from './scene.ts';
import type { ComponentSpec } from './types.ts';
import type { Reach } from './validate-looks.ts';
import { checkReferences, type Roots } from './validate-references.ts';
import { requireName } from './validate-structure.ts';
import { object } from './value-types.ts';

type AuthoredTrial = NonNullable<Scene['authored']['trials']>[number];

/** What steps may name; null when that is not known, or everything. */
export function validateForks(
  scene: Scene,
  { on, beside }: AuthoredTrial,
  path: Path,
  roots: Roots,
): Reach | null {
  if (on === 'live') return null;
  const fork = validateFork(scene, on.fork, [...path, 'on', 'fork']);
  for (const [name, variables] of Object.entries(on.env)) {
    const place = [...path, 'on', 'env', name];
    if (!requireName(scene, 'component', name, fork ?? declaredNames(scene, ['components']), place, 'key'))
      continue;
    const kind = componentOf(scene, name)?.kind;
    if (kind !== undefined && kind !== 'service' && kind !== 'sample-api') {
      const message = `"${name}" is a ${kind}; variables are given to service and sample-api`;
      scene.report(place, 'wrong_kind', message, { what: 'key' });
    }
    checkReferences(scene, variables, place, roots);
  }
  if (fork === null || beside === undefined) {
    return fork === null ? null : { components: fork, where: 'the fork of this trial' };
  }
  const start = validateFork(scene, beside.fork, [...path, 'beside', 'fork']);
  if (start === null) return null;
  const both = fork.filter((name) => start.includes(name));
  return { components: both, where: 'both forks of this trial' };
}

function validateFork(scene: Scene, names: readonly string[], path: Path): readonly string[] | null {
  const known = declaredNames(scene, ['components']);
  for (const [index, name] of names.entries()) requireName(scene, 'component', name, known, [...path, index]);
  const components: Readonly<Record<string, ComponentSpec>> = scene.authored.components ?? {};
  for (const [index, name] of names.entries()) {
    const held = closureOf([name], components) ?? [];
    const namespace = held.find((one) => components[one]?.kind === 'namespace');
    if (namespace === undefined) continue;
    const by = namespace === name ? '' : `, which "${name}" uses`;
    const message = `trials cannot fork the namespace component "${namespace}"${by}; use "live", or look at it directly`;
    scene.report([...path, index], 'wrong_kind', message);
  }
  return closureOf(names, components);
}

/** Of a fork only what it holds has an address. */
export function accessWithin(access: ValueType | undefined, { components }: Reach): ValueType {
  const fields = access?.is === 'object' ? Object.entries(access.fields) : [];
  return object(Object.fromEntries(fields.filter(([name]) => components.includes(name))));
}
