/** Programs from YAML files side by side, such as `lab-templates/programs`. */
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
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

/** What is larger is no program: it is not read at all. */
const maxBytes = 1024 * 1024;

/** A folder that is not there holds no programs. Folders in it are somebody else's. */
export function createProgramSource(folder: string, templates: Pick<TemplateSource, 'list'>): ProgramSource {
  let known: { readonly signature: string; readonly programs: readonly LoadedProgram[] } | null = null;
  return {
    async read() {
      const versions = await templates.list();
      const entries = await listYaml(folder);
      if (typeof entries === 'string') return [unreadable('.', entries)];
      const signature = JSON.stringify([entries, versions.map((one) => [one.template.id, one.hash])]);
      if (known?.signature === signature) return known.programs;
      const labs = versions.map(({ template }) => knownLab(template));
      const good = entries.filter((one) => one.trouble === null);
      const files = new Map<string, Uint8Array>();
      for (const { file } of good) files.set(file, await readFile(join(folder, file)));
      const broken = entries.flatMap(({ file, trouble }) =>
        trouble === null ? [] : [unreadable(file, trouble)],
      );
      known = { signature, programs: [...parseAll(files, labs), ...broken] };
      return known.programs;
    },
  };
}

interface Entry {
  readonly file: string;
  readonly bytes: number;
  readonly modifiedMs: number;
  /** Why it is not read; null: it is. */
  readonly trouble: string | null;
}

/** The YAML files of a folder by name, or why it cannot be read. Links are refused: nothing from outside gets in. */
async function listYaml(folder: string): Promise<readonly Entry[] | string> {
  let names: readonly string[];
  try {
    names = (await readdir(folder)).filter((name) => /^[^.].*\.ya?ml$/.test(name)).sort();
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    return code === 'ENOENT' ? [] : `the folder ${folder} cannot be read (${code})`;
  }
  const entries = await Promise.all(
    names.map(async (file): Promise<Entry | null> => {
      const found = await lstat(join(folder, file)).catch(() => null);
      // It went away meanwhile.
      if (found === null) return null;
      const entry = { file, bytes: found.size, modifiedMs: found.mtimeMs };
      if (!found.isFile()) return { ...entry, trouble: `${file} is no plain file: links are not followed` };
      const large = found.size > maxBytes;
      return {
        ...entry,
        trouble: large ? `${file} has ${found.size} bytes; at most ${maxBytes} are allowed` : null,
      };
    }),
  );
  return entries.filter((one) => one !== null);
}

function unreadable(file: string, message: string): LoadedProgram {
  const problem = { file, line: 1, column: 1, severity: 'error', code: 'missing_file', message } as const;
  return { file, program: null, problems: [problem] };
}

/** What programs must know of a template. */
function knownLab({ id, title, competencies, checks, tasks }: Template): KnownLab {
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
