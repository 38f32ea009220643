/** What a template names is in its folder. */
import type { Path } from './problem.ts';
import type { Scene } from './scene.ts';
import { didYouMean } from './suggest.ts';

/** Says so when the folder has no such file. */
export function requireFile(scene: Scene, file: string, path: Path): void {
  if (scene.files.has(file)) return;
  scene.report(
    path,
    'missing_file',
    `the folder has no file "${file}"${didYouMean(file, scene.files.keys())}`,
  );
}

/** Says so when the folder has nothing below `folder`, which ends with a slash. */
export function requireFolder(scene: Scene, folder: string, path: Path): void {
  if ([...scene.files.keys()].some((file) => file.startsWith(folder))) return;
  const folders = new Set([...scene.files.keys()].map((file) => file.slice(0, file.lastIndexOf('/') + 1)));
  scene.report(
    path,
    'missing_file',
    `the folder has no files below "${folder}"${didYouMean(folder, folders)}`,
  );
}
