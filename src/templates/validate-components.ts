/** Components use what is there; their files are in the folder. */

import type { Path } from './problem.ts';
import { componentOf, declaredNames, type Scene } from './scene.ts';
import { didYouMean } from './suggest.ts';
import type { ComponentSpec } from './types.ts';
import { reportCycles, requireName } from './validate-structure.ts';

export function validateComponents(scene: Scene): void {
  const components: Readonly<Record<string, ComponentSpec>> = scene.authored.components ?? {};
  const known = declaredNames(scene, ['components']);
  for (const [name, component] of Object.entries(components)) {
    const path = ['components', name, component.kind];
    for (const used of component.uses) requireName(scene, 'component', used, known, [...path, 'uses']);
    if (component.kind === 'sample-api') {
      const database = componentOf(scene, component.database);
      if (database !== null && database.kind !== 'postgres') {
        const message = `"${component.database}" is a ${database.kind}; a sample-api uses a postgres`;
        scene.report([...path, 'uses'], 'wrong_kind', message);
      }
    }
    if (component.kind === 'postgres' && 'files' in component.seed) {
      for (const [index, file] of component.seed.files.entries())
        requireFile(scene, file, [...path, 'seed', index]);
    }
    if (component.kind === 'shell' && component.files !== null)
      requireFolder(scene, component.files, [...path, 'files']);
  }
  const uses = Object.fromEntries(Object.entries(components).map(([name, spec]) => [name, spec.uses]));
  reportCycles(scene, uses, (name) => ['components', name, components[name]?.kind ?? '', 'uses']);
}

/** Says so when the folder has no such file. */
export function requireFile(scene: Scene, file: string, path: Path): void {
  if (scene.files.has(file)) return;
  scene.report(
    path,
    'missing_file',
    `the folder has no file "${file}"${didYouMean(file, scene.files.keys())}`,
  );
}

/** Says so when the folder has nothing below `folder`. */
export function requireFolder(scene: Scene, folder: string, path: Path): void {
  if ([...scene.files.keys()].some((file) => file.startsWith(folder))) return;
  const folders = new Set([...scene.files.keys()].map((file) => file.slice(0, file.lastIndexOf('/') + 1)));
  scene.report(
    path,
    'missing_file',
    `the folder has no files below "${folder}"${didYouMean(folder, folders)}`,
  );
}
