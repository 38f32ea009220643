import type { TemplateSource } from '../templates/types.ts';
import { LabError } from './errors.ts';

/** Why a template cannot be had: `template_invalid` where it is there and does not load, else `template_not_found`. */
export async function unknownTemplate(
  id: string,
  templates: TemplateSource,
  nearest: (word: string, known: readonly string[]) => string | null,
): Promise<LabError> {
  const broken = (await templates.problems()).find((one) => one.id === id);
  if (broken !== undefined) {
    const errors = broken.problems.length === 1 ? '1 error' : `${broken.problems.length} errors`;
    return new LabError(
      'template_invalid',
      `The template "${id}" does not load: ${errors}; \`labwright template lint ${id}\` shows them.`,
      { extra: { template: id } },
    );
  }
  const known = (await templates.list()).map(({ template }) => template.id);
  const near = nearest(id, known);
  const hint = near === null ? `Known: ${known.join(', ') || 'none'}.` : `Did you mean "${near}"?`;
  return new LabError('template_not_found', `There is no template "${id}". ${hint}`, {
    extra: { template: id, known, ...(near === null ? {} : { suggestion: near }) },
  });
}
