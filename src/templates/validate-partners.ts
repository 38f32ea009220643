/** The files of partners and of traffic: there, readable, and filled in from what is known. */
import type { Path } from './problem.ts';
import { problemOf, referencesIn } from './references.ts';
import { commonRoots, type Scene } from './scene.ts';
import type { ReadFile } from './schema.ts';
import { requireFile } from './validate-folder.ts';

/** @param path where the template names the file. */
export function validatePartner(scene: Scene, file: string, read: ReadFile | undefined, path: Path): void {
  requireFile(scene, file, path);
  const bytes = scene.files.get(file);
  if (bytes === undefined) return;
  const text = new TextDecoder().decode(bytes);
  const roots = commonRoots(scene);
  for (const reference of referencesIn(text)) {
    // Others are the partner's own: of the request, or of its variables.
    if (!/^(params|access)\b/.test(reference.text)) continue;
    const problem = problemOf(reference, roots);
    if (problem !== null) scene.reportIn(file, text, reference.offset, 'bad_reference', problem);
  }
  const found = read?.(text);
  if (found === undefined || !('problems' in found)) return;
  const lines = text.split('\n');
  for (const { message, line = 1 } of found.problems) {
    const offset = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
    scene.reportIn(file, text, offset, 'wrong_value', message);
  }
}
