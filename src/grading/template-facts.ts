/** What looks and steps may know of the template that they stand in. */
import type { TemplateVersion } from '../templates/types.ts';
import type { LookContext } from './types.ts';

type TemplateFacts = Pick<LookContext, 'templateFile' | 'templateFiles' | 'component'>;

export function templateFacts({ template, files }: TemplateVersion): TemplateFacts {
  return {
    templateFile: (path) => files.get(path) ?? null,
    templateFiles: [...files.keys()],
    component: (name) =>
      Object.hasOwn(template.components, name) ? (template.components[name] ?? null) : null,
  };
}
