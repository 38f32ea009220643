/** SQL that is applied to each lab with its parameters names those that there are, and that SQL can take. */
import { declaredNames, parameterOf, type Scene } from './scene.ts';
import { didYouMean, listWords } from './suggest.ts';

export function validateOverlay(scene: Scene, file: string): void {
  const bytes = scene.files.get(file);
  if (bytes === undefined) return;
  const text = new TextDecoder().decode(bytes);
  const known = declaredNames(scene, ['parameters']);
  for (const { name, offset } of scene.registries.overlayVariables?.(text) ?? []) {
    const spec = parameterOf(scene, name);
    if (!known.includes(name)) {
      const message = `there is no parameter "${name}"; known: ${listWords(known)}${didYouMean(name, known)}`;
      scene.reportIn(file, text, offset, 'unknown_name', message);
    } else if (spec?.draw === 'row' && spec.column === null) {
      const message = `the parameter "${name}" is a whole row; draw one column of it`;
      scene.reportIn(file, text, offset, 'wrong_kind', message);
    }
  }
}
