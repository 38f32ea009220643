import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Command } from 'commander';
import { loadConfig } from '../../config.ts';
import type { Cli } from '../cli.ts';
import { CliError } from '../cli-error.ts';

interface Options {
  readonly templatesDir?: string;
}

export function registerTemplateNew(parent: Command, { terminal }: Cli): void {
  parent
    .command('new')
    .description('Writes a small whole template to start from; it loads and can be solved.')
    .argument('<id>', 'its id and folder, such as first-ticket')
    .option('--templates-dir <folder>', 'where its folder is made (TEMPLATES_DIR)')
    .action(async (id: string, options: Options) => {
      const { scaffoldTemplate } = await import('../../templates/scaffold.ts');
      const { templatesDir } = loadConfig(options);
      const files = scaffoldTemplate(id);
      const folder = join(templatesDir, id);
      if (existsSync(folder)) {
        throw new CliError(
          'refused',
          'conflict',
          `${folder} is there already; give another id, or remove it first.`,
        );
      }
      for (const [path, text] of files) {
        const file = join(folder, path);
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, text, path.endsWith('.sh') ? { mode: 0o755 } : {});
      }
      const { colour } = terminal;
      terminal.answer({ id, folder, files: [...files.keys()] }, () =>
        [
          ...[...files.keys()].map((path) => `  ${relative(process.cwd(), join(folder, path))}`),
          '',
          `Next: ${colour.cyan(`labwright template lint ${id}`)}, ${colour.cyan(`labwright try ${id} --solve`)}`,
        ].join('\n'),
      );
    });
}
