/** The templates that the reference quotes: together they use every component, look and step. */
import { join } from 'node:path';
import type { Language } from '../templates/language.ts';
import { loadFolder } from '../templates/load-folder.ts';
import { formatProblem } from '../templates/problem.ts';
import type { Template } from '../templates/types.ts';

export interface Tour {
  readonly template: Template;
  /** Of its `lab.yaml`. */
  readonly text: string;
}

const names = ['tour', 'cluster'];

/** Throws with their problems when they do not load. */
export async function loadTours(
  folder: string,
  language: Language,
): Promise<{ readonly tours: readonly Tour[] }> {
  return { tours: await Promise.all(names.map((name) => loadTour(join(folder, name), name, language))) };
}

async function loadTour(folder: string, name: string, language: Language): Promise<Tour> {
  const files = await loadFolder(folder);
  const { template, problems } = language.parseTemplate(files, name);
  if (template === null) throw new Error(problems.map(formatProblem).join('\n'));
  return { template, text: Buffer.from(files.get('lab.yaml') ?? []).toString('utf8') };
}
