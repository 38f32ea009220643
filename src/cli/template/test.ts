import type { Command } from 'commander';
import type { Cli } from '../cli.ts';

export interface TestOptions {
  readonly backend?: string;
  readonly requireBackends?: true;
  readonly runs: string;
  readonly only?: string;
  readonly junit?: string;
  readonly github?: true;
  readonly fresh?: true;
  readonly records?: string;
  readonly writeRecords?: true;
  readonly all?: true;
  readonly mutations?: string;
  readonly dataDir?: string;
  readonly templatesDir?: string;
}

export function registerTemplateTest(parent: Command, cli: Cli): void {
  parent
    .command('test')
    .summary('proves templates: solutions pass, wrong ways fall, every step is missed')
    .description(
      'Proves templates in real labs: nothing is given at the start, every solution passes everything and does so with\n' +
        'other values too, every wrong way fells exactly what it names, every step is missed when it is left out, grading\n' +
        'twice is the same and changes nothing, a reset brings back the start, nothing is left when a lab is gone, and the\n' +
        'verdicts of starts, solutions and wrong ways are the same on every backend.\n' +
        'Shows a matrix of checks and runs, and what is to be done. One that was interrupted goes on where it was.',
    )
    .argument('<templates...>', 'folders, or ids of templates')
    .option(
      '--backend <list>',
      'where the labs are made, such as process,docker: the first proves everything, the others must agree with it\n' +
        '(default: what a template names and BACKENDS enables)',
    )
    .option(
      '--require-backends',
      'fail where one that a template names cannot be had (LABWRIGHT_REQUIRE_ALL=1)',
    )
    .option(
      '--runs <n>',
      'run each solution and wrong way so often, and tell which checks are not steady',
      '1',
    )
    .option('--only <run>', 'one run by its name in the matrix, such as "by-api without create"')
    .option('--junit <file>', 'write JUnit XML to this file')
    .option('--github', 'print annotations for GitHub, and write the summary of the job')
    .option('--fresh', 'forget the runs of a proof that was interrupted')
    .option(
      '--records <folder>',
      'do not run what is recorded there as proved, but for a fifth that changes each day',
    )
    .option('--all', 'run everything, whatever is recorded')
    .option('--write-records', 'record there what is proved now; only whole proofs without a defect are')
    .option(
      '--mutations <duration>',
      'after this time, such as 80s, begin no mutation, and on further backends no wrong way: they are for another day',
    )
    .option('--data-dir <folder>', 'where its databases and interrupted proofs are kept (DATA_DIR, in test/)')
    .option('--templates-dir <folder>', 'where templates are that are named by id (TEMPLATES_DIR)')
    .addHelpText(
      'after',
      '\nWith --json the reports are the answer; `--json proof.json` writes them to that file beside the matrix.\n' +
        '\nExit codes: 0 proved, 1 refused, 2 bad usage, 3 not available here, 4 no such template or run, 130 interrupted.',
    )
    .action(async (wanted: string[], options: TestOptions) => {
      const { runTemplateTest } = await import('./test-run.ts');
      await runTemplateTest(cli, wanted, options);
    });
}
