/** What `template test` was asked to prove: folders and ids as templates by their parent folder. */
import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Problem } from '../../templates/problem.ts';
import { didYouMean } from '../../templates/suggest.ts';
import type { TemplateVersion } from '../../templates/types.ts';
import { CliError } from '../cli-error.ts';

/** One template, as it stands in its folder now. */
export interface Wanted {
  readonly id: string;
  readonly folder: string;
  /** Null: it does not load. */
  readonly version: TemplateVersion | null;
  readonly problems: readonly Problem[];
}

/** Templates that stand side by side: one runtime serves them all. */
export interface WantedGroup {
  readonly templatesDir: string;
  readonly templates: readonly Wanted[];
}

/** Throws CliError `notFound` for what is no folder. */
export async function loadWanted(
  words: readonly string[],
  templatesDir: string,
  known: readonly string[],
): Promise<readonly WantedGroup[]> {
  const folders = [...new Set(words.map((word) => folderOf(word, templatesDir, known)))];
  const { createVocabulary } = await import('../../compose/language.ts');
  const { openTemplates } = await import('../../compose/templates.ts');
  const { language } = createVocabulary();
  const parents = [...new Set(folders.map((folder) => dirname(folder)))];
  return Promise.all(
    parents.map(async (parent) => {
      const source = openTemplates(parent, language);
      const broken = await source.problems();
      const ids = folders.filter((folder) => dirname(folder) === parent).map((folder) => basename(folder));
      const templates = ids.map(
        async (id): Promise<Wanted> => ({
          id,
          folder: join(parent, id),
          version: await source.load(id),
          problems: broken.find((one) => one.id === id)?.problems ?? [],
        }),
      );
      return { templatesDir: parent, templates: await Promise.all(templates) };
    }),
  );
}

function folderOf(word: string, templatesDir: string, known: readonly string[]): string {
  const folder = known.includes(word) ? join(templatesDir, word) : resolve(word);
  if ((known.includes(word) || /[/\\.]/.test(word)) && existsSync(folder)) return folder;
  const near = didYouMean(word, known);
  const hint = near === '' ? '; a folder needs a / in its path.' : near;
  throw new CliError(
    'notFound',
    'template_not_found',
    `There is no template "${word}" in ${templatesDir}${hint}`,
    {
      template: word,
      known,
    },
  );
}
