/** The files of partners and of traffic: there, readable, and filled in from what is known. */
import type { Path } from './problem.ts';
import { problemOf, referencesIn } from './references.ts';
import { commonRoots, componentOf, type Scene } from './scene.ts';
import type { ReadFile } from './schema.ts';
import type { StubComponent } from './types.ts';
import { requireFile } from './validate-folder.ts';
import { requireName } from './validate-structure.ts';

/**
 * Returns what is in the file; null when that is not known.
 *
 * @param path where the template names the file.
 */
export function validatePartner(
  scene: Scene,
  file: string,
  read: ReadFile | undefined,
  path: Path,
): object | null {
  requireFile(scene, file, path);
  const bytes = scene.files.get(file);
  if (bytes === undefined) return null;
  const text = new TextDecoder().decode(bytes);
  const roots = commonRoots(scene);
  for (const reference of referencesIn(text)) {
    // Others are the partner's own: of the request, or of its variables.
    if (!/^(params|access)\b/.test(reference.text)) continue;
    const problem = problemOf(reference, roots);
    if (problem !== null) scene.reportIn(file, text, reference.offset, 'bad_reference', problem);
  }
  const found = read?.(text);
  if (found === undefined) return null;
  if ('spec' in found) return found.spec;
  const lines = text.split('\n');
  for (const { message, line = 1 } of found.problems) {
    const offset = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
    scene.reportIn(file, text, offset, 'wrong_value', message);
  }
  return null;
}

/** The mood is one of its file. */
export function validateStub(scene: Scene, { file, mood }: StubComponent, path: Path): void {
  const moods = moodsIn(validatePartner(scene, file, scene.registries.readStub, [...path, 'files']));
  if (moods !== null) requireName(scene, 'mood', mood, moods, [...path, 'mood']);
}

/** The moods of a stub component; null when they are not known. */
export function moodsOf(scene: Scene, component: string): readonly string[] | null {
  const spec = componentOf(scene, component);
  const bytes = spec?.kind === 'stub' ? scene.files.get(spec.file) : undefined;
  if (bytes === undefined) return null;
  const found = scene.registries.readStub?.(new TextDecoder().decode(bytes));
  return found !== undefined && 'spec' in found ? moodsIn(found.spec) : null;
}

function moodsIn(spec: object | null): readonly string[] | null {
  if (spec === null || !('moods' in spec)) return null;
  if (typeof spec.moods !== 'object' || spec.moods === null) return null;
  // It is always there.
  return [...new Set(['calm', ...Object.keys(spec.moods)])];
}
