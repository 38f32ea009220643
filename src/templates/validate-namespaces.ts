/** Components that are namespaces: only where there is a cluster, with objects that it will take. */
import { isManifestFile, type Manifest, manifestFiles, nameOf, readManifests } from './manifests.ts';
import type { Path } from './problem.ts';
import { problemOf, referencesIn } from './references.ts';
import { commonRoots, type Scene } from './scene.ts';
import { textsIn } from './tree.ts';
import type { NamespaceComponent } from './types.ts';
import { requireFolder } from './validate-folder.ts';
import { refusalsOf } from './validate-objects.ts';

export function validateNamespace(scene: Scene, component: NamespaceComponent, path: Path): void {
  const name = String(path.at(-2));
  for (const [index, backend] of (scene.authored.backends ?? []).entries()) {
    if (backend === 'kubernetes') continue;
    const message = `"${name}" is a namespace, which only the backend kubernetes has; found "${backend}"`;
    scene.report(['backends', index], 'wrong_value', message);
  }
  if (component.objects === null) return;
  const place = [...path, 'objects'];
  requireFolder(scene, component.objects, place);
  const seen = new Map<string, string>();
  for (const file of manifestFiles(scene.files.keys(), component.objects)) {
    if (!isManifestFile(file)) {
      const message = `"${file}" is no manifest: a folder of objects holds only .yaml, .yml and .json files`;
      scene.report(place, 'wrong_value', message);
      continue;
    }
    validateManifests(scene, file, component, seen);
  }
}

/** @param seen by kind and name of an object the file that has it. */
function validateManifests(
  scene: Scene,
  file: string,
  component: NamespaceComponent,
  seen: Map<string, string>,
): void {
  const text = new TextDecoder().decode(scene.files.get(file));
  const reportAt = (line: number, message: string) => {
    const offset = text
      .split('\n')
      .slice(0, line - 1)
      .reduce((sum, one) => sum + one.length + 1, 0);
    scene.reportIn(file, text, offset, 'wrong_value', message);
  };
  const { manifests, problems } = readManifests(text);
  for (const { message, line } of problems) reportAt(line, message);
  if (manifests.length === 0 && problems.length === 0) reportAt(1, 'there is no object in this file');
  for (const manifest of manifests) {
    const name = nameOf(manifest);
    const first = seen.get(name);
    if (first !== undefined) reportAt(manifest.line, `${name} is also in ${first}`);
    seen.set(name, first ?? file);
    for (const refusal of refusalsOf(manifest.object, component))
      reportAt(manifest.line, `${name}: ${refusal}`);
    checkFilled(scene, manifest, (message) => reportAt(manifest.line, message));
  }
}

function checkFilled(scene: Scene, { object }: Manifest, report: (message: string) => void): void {
  const roots = commonRoots(scene);
  for (const { text } of textsIn(object)) {
    for (const reference of referencesIn(text)) {
      const problem = problemOf(reference, roots);
      if (problem !== null) report(problem);
    }
  }
}
