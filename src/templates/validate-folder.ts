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
  const folders = foldersOf(scene.files.keys());
  scene.report(
    path,
    'missing_file',
    `the folder has no files below "${folder}"${didYouMean(folder, folders)}`,
  );
}

/** All folders that hold a file, at any depth, with trailing slashes. */
export function foldersOf(files: Iterable<string>): ReadonlySet<string> {
  const folders = new Set<string>();
  for (const file of files) {
    for (let end = file.indexOf('/'); end >= 0; end = file.indexOf('/', end + 1)) {
      folders.add(file.slice(0, end + 1));
    }
  }
  return folders;
}
