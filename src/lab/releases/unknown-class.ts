import { LabError } from '../errors.ts';
import type { ClassStore } from './types.ts';

/** `class_not_found`, with the nearest known one. */
export async function unknownClass(
  id: string,
  classes: Pick<ClassStore, 'listClasses'>,
  nearest: (word: string, known: readonly string[]) => string | null,
): Promise<LabError> {
  const known = (await classes.listClasses()).map((one) => one.id);
  const near = nearest(id, known);
  const hint = near === null ? '' : ` Did you mean "${near}"?`;
  return new LabError('class_not_found', `class: there is no class "${id}".${hint}`, {
    extra: { field: 'class', found: id, ...(near === null ? {} : { suggestion: near }) },
  });
}
