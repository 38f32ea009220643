/** What is true of looks and steps alike: components of the right kinds, known questions, data in its own place. */
import type { ActionKind, ObserverKind } from '../grading/types.ts';
import type { Path } from './problem.ts';
import { componentOf, declaredNames, type Scene } from './scene.ts';
import { idsAt, valueAt } from './tree.ts';
import type { Json } from './types.ts';
import { checkReferences, type Roots } from './validate-references.ts';
import { requireName } from './validate-structure.ts';

/** Text of these is code: values go beside it, never into it. */
const codeKeys = ['query', 'statement'];

/**
 * @param parsed the spec as its kind parsed it; the spec as written stands at `path` in `scene.written`.
 * @param roots what its `{{ }}` may name.
 */
export function validateSpec(
  scene: Scene,
  kind: Pick<ObserverKind | ActionKind, 'components' | 'questions'>,
  parsed: object,
  path: Path,
  roots: Roots,
): void {
  const known = declaredNames(scene, ['components']);
  for (const { name, kinds } of kind.components(parsed)) {
    const place = [...path, 'component'];
    if (!requireName(scene, 'component', name, known, place)) continue;
    const found = componentOf(scene, name)?.kind;
    if (found === undefined || kinds.includes(found)) continue;
    const message = `"${name}" is a ${found}; ${String(path.at(-1))} works on ${kinds.join(' and ')}`;
    scene.report(place, 'wrong_kind', message);
  }
  const questions = [
    ...new Set([...idsAt(scene.declared, ['questions']), ...idsAt(scene.written, ['questions'])]),
  ];
  for (const id of kind.questions?.(parsed) ?? []) {
    requireName(scene, 'question', id, questions, [...path, 'question']);
  }

  // Words that are not yet supported may bring names of their own.
  if (scene.tainted(path)) return;
  const written = valueAt(scene.written, path) as Readonly<Record<string, Json>> | undefined;
  for (const [key, value] of Object.entries(written ?? {})) {
    const place = [...path, key];
    if (codeKeys.includes(key)) {
      if (typeof value !== 'string' || !value.includes('{{')) continue;
      const message = `${key} is never filled in; write $1 and give the value in "args"`;
      scene.report(place, 'bad_reference', message, { offset: value.indexOf('{{') });
    } else {
      checkReferences(scene, value, place, roots);
    }
  }
}
