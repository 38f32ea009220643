import type { Command } from 'commander';
import type { Cli } from '../cli.ts';

export interface DevOptions {
  readonly once?: string;
  readonly watch?: string;
  readonly fresh?: true;
  readonly solve?: string | true;
  readonly wrong?: string;
  readonly seed?: string;
  readonly dataDir?: string;
  readonly templatesDir?: string;
}

export function registerTemplateDev(parent: Command, cli: Cli): void {
  parent
    .command('dev')
    .summary('write a template with a live lab at hand')
    .description(
      'Makes one lab of a template and keeps it while you edit: each save is linted at once, and checks, looks, trials\n' +
        'and solutions are tried on the lab as they were last saved. Nothing is recorded, and nothing is left behind.',
    )
    .argument('<template>', 'its folder, or its id')
    .option('--once <check>', 'grade one check (id or number), or `all`, print what came of it, and end')
    .option('--watch <check>', 'grade this check (or `all`) again at every save')
    .option('--fresh', 'make the lab anew at once when what it is made of changes')
    .option('--solve [name]', 'begin with the steps of a solution (default: the first)')
    .option('--wrong <id>', 'begin with the steps of a wrong way')
    .option('--seed <text>', 'what the parameters are drawn from')
    .option('--data-dir <folder>', 'where its databases are kept for the next time (DATA_DIR, in dev/)')
    .option('--templates-dir <folder>', 'where templates are (TEMPLATES_DIR)')
    .action(async (template: string, options: DevOptions) => {
      const { runDev } = await import('./dev-run.ts');
      await runDev(cli, template, options);
    });
}
