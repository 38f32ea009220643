/** Programs from YAML files side by side, such as `lab-templates/programs`. */
import { asLabError } from '../lab/errors.ts';
import { listFolder, loadFolder } from '../templates/load-folder.ts';
import type { Problem } from '../templates/problem.ts';
import type { Template, TemplateSource } from '../templates/types.ts';
import { isProgram, parseProgram } from './parse.ts';
import type { KnownLab, Program } from './types.ts';

export interface LoadedProgram {
  readonly file: string;
  /** Null when there is an error among the problems. */
  readonly program: Program | null;
  readonly problems: readonly Problem[];
}

export interface ProgramSource {
  /** All programs of the folder, those that do not load too; read again when a file or a template has changed. */
  read(): Promise<readonly LoadedProgram[]>;
}

/** A folder that is not there holds no programs. */
export function createProgramSource(folder: string, templates: Pick<TemplateSource, 'list'>): ProgramSource {
  let known: { readonly signature: string; readonly programs: readonly LoadedProgram[] } | null = null;
  return {
    async read() {
      const versions = await templates.list();
      try {
        const entries = (await listFolder(folder)).filter(({ path }) => isYaml(path));
        const signature = JSON.stringify([entries, versions.map((one) => [one.template.id, one.hash])]);
        if (known?.signature === signature) return known.programs;
        const labs = versions.map(({ template }) => knownLab(template));
        const files = new Map([...(await loadFolder(folder))].filter(([path]) => isYaml(path)));
        known = { signature, programs: parseAll(files, labs) };
        return known.programs;
      } catch (thrown) {
        known = null;
        const error = asLabError(thrown);
        if (error.code === 'template_not_found') return [];
        const place = { file: '.', line: 1, column: 1 } as const;
        const problem = {
          ...place,
          severity: 'error',
          code: 'missing_file',
          message: error.message,
        } as const;
        return [{ file: '.', program: null, problems: [problem] }];
      }
    },
  };
}

const isYaml = (path: string) => /^[^/]+\.ya?ml$/.test(path);

/** What programs must know of a template. */
export function knownLab({ id, title, competencies, checks, tasks }: Template): KnownLab {
  return {
    id,
    title,
    competencies,
    checks: checks.map((check) => check.id),
    tasks: tasks.map((task) => task.id),
  };
}

function parseAll(
  files: ReadonlyMap<string, Uint8Array>,
  labs: readonly KnownLab[],
): readonly LoadedProgram[] {
  return [...files]
    .filter(([, bytes]) => isProgram(bytes))
    .map(([file]) => ({ file, ...parseProgram(files, file, labs) }));
}
