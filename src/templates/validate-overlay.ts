/** SQL that is applied to each lab with its parameters: `:'name'` and `:"name"` name parameters that SQL can take. */
import { declaredNames, parameterOf, type Scene } from './scene.ts';
import { didYouMean, listWords } from './suggest.ts';

/**
 * Only quoted variables are checked: `:name` may be a slice of an array. A row and a list have no place in SQL.
 */
export function validateOverlay(scene: Scene, file: string): void {
  const bytes = scene.files.get(file);
  if (bytes === undefined) return;
  const text = new TextDecoder().decode(bytes);
  const known = declaredNames(scene, ['parameters']);
  for (const match of text.matchAll(/(?<!:):(?:'([A-Za-z_]\w*)'|"([A-Za-z_]\w*)")/g)) {
    const name = match[1] ?? match[2] ?? '';
    const spec = parameterOf(scene, name);
    if (!known.includes(name)) {
      const message = `${match[0]}: there is no parameter "${name}"; known: ${listWords(known)}${didYouMean(name, known)}`;
      scene.reportIn(file, text, match.index, 'unknown_name', message);
    } else if (spec?.draw === 'row' && spec.column === null) {
      const message = `${match[0]}: the parameter "${name}" is a whole row; draw one column of it`;
      scene.reportIn(file, text, match.index, 'wrong_kind', message);
    }
  }
}
