/** The template that the reference quotes: it uses every component, look and step once. */
import type { Language } from '../templates/language.ts';
import { loadFolder } from '../templates/load-folder.ts';
import { formatProblem } from '../templates/problem.ts';
import type { Template } from '../templates/types.ts';

/** Throws with its problems when it does not load. */
export async function loadTour(
  folder: string,
  language: Language,
): Promise<{ readonly tour: Template; readonly tourText: string }> {
  const files = await loadFolder(folder);
  const { template, problems } = language.parseTemplate(files, 'tour');
  if (template === null) throw new Error(problems.map(formatProblem).join('\n'));
  return { tour: template, tourText: Buffer.from(files.get('lab.yaml') ?? []).toString('utf8') };
}
