import { createVocabulary } from './language.ts';
import { openTemplates } from './templates.ts';

/** Programs that the templates' workspaces name, each once. */
export async function toolsOfTemplates(folder: string): Promise<readonly string[]> {
  const versions = await openTemplates(folder, createVocabulary().language).list();
  const tools = versions.flatMap(({ template }) =>
    Object.values(template.components).flatMap((spec) => (spec.kind === 'shell' ? spec.tools : [])),
  );
  return [...new Set(tools)].sort();
}
