import { dirname, join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { loadConfig } from '../../config.ts';
import type { LoadedProgram } from '../../programs/source.ts';
import { didYouMean } from '../../templates/suggest.ts';
import type { Cli } from '../cli.ts';
import { CliError } from '../cli-error.ts';
import { exitCodes } from '../exit-codes.ts';

interface Options {
  readonly programsDir?: string;
  readonly templatesDir?: string;
  readonly strict?: true;
}

type Item = LoadedProgram & { readonly folder: string };

export function registerProgramLint(parent: Command, { terminal }: Cli): void {
  parent
    .command('lint')
    .summary('says what is wrong with programs, and where')
    .description(
      'Checks programs: file, line, column, what was found, what is allowed. Exits with 1 on errors.',
    )
    .argument('[programs...]', 'files, or ids of programs; default: all of them')
    .option('--programs-dir <folder>', 'where programs are (PROGRAMS_DIR)')
    .option('--templates-dir <folder>', 'where their labs are (TEMPLATES_DIR)')
    .option('--strict', 'warnings count as errors')
    .action(async (wanted: string[], options: Options) => {
      const { createVocabulary } = await import('../../compose/language.ts');
      const { openTemplates } = await import('../../compose/templates.ts');
      const { createProgramSource } = await import('../../programs/source.ts');
      const { programsDir, templatesDir } = loadConfig(options);
      const templates = openTemplates(templatesDir, createVocabulary().language);
      const read = async (folder: string): Promise<readonly Item[]> =>
        (await createProgramSource(folder, templates).read()).map((one) => ({ ...one, folder }));
      const own = await read(programsDir);
      const items: Item[] = wanted.length === 0 ? [...own] : [];
      for (const text of wanted) items.push(await find(text, own, read));

      const problems = items.flatMap((item) => item.problems);
      const errors = problems.filter((one) => one.severity === 'error' || options.strict === true).length;
      const shown = items.map(({ file, folder, problems: found }) => ({ file, folder, problems: found }));
      terminal.answer({ ok: errors === 0, items: shown }, () => render(items));
      if (errors > 0) process.exitCode = exitCodes.failed.code;
    });

  function render(items: readonly Item[]): string {
    const { colour } = terminal;
    const lines = items.flatMap(({ folder, problems }) =>
      problems.map(({ file, line, column, severity, message }) => {
        const place = `${relative(process.cwd(), join(folder, file))}:${line}:${column}`;
        const word = severity === 'error' ? colour.red('error') : colour.yellow('warning');
        return `${colour.bold(place)} ${word} ${message}`;
      }),
    );
    const all = items.flatMap((item) => item.problems);
    const errors = all.filter((one) => one.severity === 'error').length;
    const text = `${plural(items.length, 'program')}, ${plural(errors, 'error')}, ${plural(all.length - errors, 'warning')}`;
    return [...lines, `${errors > 0 ? colour.red('✗') : colour.green('✓')} ${text}`].join('\n');
  }
}

async function find(
  text: string,
  own: readonly Item[],
  read: (folder: string) => Promise<readonly Item[]>,
): Promise<Item> {
  const idOf = (file: string) => file.replace(/\.ya?ml$/, '');
  const known = own.map((one) => idOf(one.file));
  const isFile = /\.ya?ml$/.test(text);
  const path = resolve(text);
  const item = isFile
    ? (await read(dirname(path))).find((one) => resolve(one.folder, one.file) === path)
    : own.find((one) => idOf(one.file) === text);
  if (item !== undefined) return item;
  const near = didYouMean(text, known);
  const hint = isFile ? '.' : near || `; known: ${known.join(', ') || 'none'}.`;
  throw new CliError('notFound', 'program_not_found', `There is no program "${text}"${hint}`, {
    program: text,
    known,
  });
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
