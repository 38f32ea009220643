/** A template's folder as its author has just saved it. */
import { asLabError } from '../lab/errors.ts';
import type { Language } from '../templates/language.ts';
import { loadFolder } from '../templates/load-folder.ts';
import { templateFile } from '../templates/parse.ts';
import type { Problem } from '../templates/problem.ts';
import type { TemplateVersion } from '../templates/types.ts';

export interface Edition {
  /** Null when it does not load. */
  readonly content: Pick<TemplateVersion, 'template' | 'files'> | null;
  /** Errors and warnings, by place. */
  readonly problems: readonly Problem[];
}

/** Reads and lints a folder. Never throws: a folder that cannot be read is a problem like any other. */
export async function readEdition(folder: string, id: string, language: Language): Promise<Edition> {
  try {
    const files = await loadFolder(folder);
    const { template, problems } = language.parseTemplate(files, id);
    return { content: template === null ? null : { template, files }, problems };
  } catch (thrown) {
    const { message } = asLabError(thrown);
    const place = {
      file: templateFile,
      line: 1,
      column: 1,
      severity: 'error',
      code: 'missing_file',
    } as const;
    return { content: null, problems: [{ ...place, message }] };
  }
}

export function errorsOf({ problems }: Edition): readonly Problem[] {
  return problems.filter(({ severity }) => severity === 'error');
}
