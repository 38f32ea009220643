import type { Command } from 'commander';
import type { Cli } from '../cli.ts';

export interface TryOptions {
  readonly solve?: string | true;
  readonly wrong?: string;
  readonly seed?: string;
  readonly keep?: true;
  readonly dataDir?: string;
  readonly templatesDir?: string;
}

export function registerTry(parent: Command, cli: Cli): void {
  parent
    .command('try')
    .summary('one lab without a server, and how it is graded')
    .description(
      'Makes one lab of a template, shows how to reach it, and grades it whenever you press Enter. With --solve or\n' +
        '--wrong the steps of the template are run instead. Nothing is left behind, not even after Ctrl-C.',
    )
    .argument('<template>', 'id of a template, or its folder')
    .option(
      '--solve [name]',
      'run a solution of the template (default: its first) and grade; exits with 1 unless all pass',
    )
    .option(
      '--wrong <id>',
      'run a wrong way of the template; exits with 1 unless exactly the checks fall that should',
    )
    .option('--seed <text>', 'what the parameters are drawn from')
    .option('--keep', 'leave the lab in its data folder; `labwright serve` with that folder shows it again')
    .option('--data-dir <folder>', 'where its databases are kept for the next try (DATA_DIR, in try/)')
    .option('--templates-dir <folder>', 'where templates are (TEMPLATES_DIR)')
    .action(async (template: string, options: TryOptions) => {
      const { runTry } = await import('./run.ts');
      await runTry(cli, template, options);
    });
}
