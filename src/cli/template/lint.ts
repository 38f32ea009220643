import { readdirSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { loadConfig } from '../../config.ts';
import type { Problem } from '../../templates/problem.ts';
import { didYouMean } from '../../templates/suggest.ts';
import type { Cli } from '../cli.ts';
import { CliError } from '../cli-error.ts';
import { exitCodes } from '../exit-codes.ts';

interface Options {
  readonly templatesDir?: string;
  readonly strict?: true;
}

export function registerTemplateLint(parent: Command, { terminal }: Cli): void {
  parent
    .command('lint')
    .summary('says what is wrong with templates, and where')
    .description(
      'Checks templates: file, line, column, what was found, what is allowed. Exits with 1 on errors.',
    )
    .argument('[templates...]', 'folders, or ids of templates; default: all of them')
    .option('--templates-dir <folder>', 'where templates are (TEMPLATES_DIR)')
    .option('--strict', 'warnings count as errors')
    .action(async (wanted: string[], options: Options) => {
      const { createVocabulary } = await import('../../compose/language.ts');
      const { loadFolder } = await import('../../templates/load-folder.ts');
      const { templatesDir } = loadConfig(
        options.templatesDir === undefined ? {} : { templatesDir: options.templatesDir },
      );
      const { language } = createVocabulary();
      const known = folderNames(templatesDir);
      const folders = wanted.length === 0 ? known.map((id) => join(templatesDir, id)) : wanted.map(folderOf);
      const items: { readonly id: string; readonly folder: string; readonly problems: readonly Problem[] }[] =
        [];
      for (const folder of folders) {
        const { problems } = language.parseTemplate(await loadFolder(folder), basename(folder));
        items.push({ id: basename(folder), folder, problems });
      }
      const all = items.flatMap((item) => item.problems);
      const errors = all.filter((one) => one.severity === 'error' || options.strict === true).length;
      terminal.answer({ ok: errors === 0, items }, () => {
        const lines = items.flatMap(({ folder, problems }) =>
          problems.map((problem) => format(folder, problem)),
        );
        return [...lines, summary(items.length, all)].join('\n');
      });
      if (errors > 0) process.exitCode = exitCodes.failed.code;

      function folderOf(text: string): string {
        if (known.includes(text)) return join(templatesDir, text);
        if (/[/\\.]/.test(text)) return resolve(text);
        const near = didYouMean(text, known);
        throw new CliError(
          'notFound',
          'template_not_found',
          `There is no template "${text}" in ${templatesDir}${near === '' ? '; a folder needs a / in its path.' : near}`,
          { template: text, known },
        );
      }
    });

  function format(folder: string, problem: Problem): string {
    const { colour } = terminal;
    const place = `${relative(process.cwd(), join(folder, problem.file))}:${problem.line}:${problem.column}`;
    const word = problem.severity === 'error' ? colour.red('error') : colour.yellow('warning');
    return `${colour.bold(place)} ${word} ${problem.message}`;
  }

  function summary(count: number, problems: readonly Problem[]): string {
    const { colour } = terminal;
    const errors = problems.filter((one) => one.severity === 'error').length;
    const text = `${plural(count, 'template')}, ${plural(errors, 'error')}, ${plural(problems.length - errors, 'warning')}`;
    return `${errors > 0 ? colour.red('✗') : colour.green('✓')} ${text}`;
  }
}

/** Throws CliError `usage` when the folder cannot be read. */
export function folderNames(root: string): readonly string[] {
  try {
    return readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !/^[._]/.test(entry.name))
      .map((entry) => entry.name)
      .sort();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new CliError('usage', 'bad_setting', `TEMPLATES_DIR: the folder ${root} cannot be read (${code}).`);
  }
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
