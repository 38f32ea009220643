/** `labwright template dev`: a private runtime, one lab, and a prompt over the template's folder. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Edition, errorsOf, readEdition } from '../../authoring/edition.ts';
import { findCheck } from '../../authoring/find.ts';
import { createWorkbench, type Workbench } from '../../authoring/workbench.ts';
import type { Config } from '../../config.ts';
import type { Caller } from '../../lab/lab-service.ts';
import { didYouMean } from '../../templates/suggest.ts';
import type { Cli } from '../cli.ts';
import { CliError } from '../cli-error.ts';
import { endLeftovers, inPrivateRuntime, type PrivateWorld, privateSettings } from '../private-runtime.ts';
import type { DevOptions } from './dev.ts';
import { tryOnce } from './dev-once.ts';
import { runSession } from './dev-session.ts';

const use = { command: 'labwright template dev', folder: 'dev' };
const caller: Caller = { role: 'instructor', subject: 'dev' };
const endSeconds = 120;

export async function runDev(cli: Cli, wanted: string, options: DevOptions): Promise<void> {
  const { terminal } = cli;
  if (options.solve !== undefined && options.wrong !== undefined) {
    throw new CliError('usage', 'bad_usage', 'Give --solve or --wrong, not both.');
  }
  if (terminal.json && options.once === undefined) {
    throw new CliError('usage', 'bad_usage', 'With --json nobody can type: give --once <check> as well.');
  }
  const { template: id, config } = privateSettings(wanted, options, terminal.debug);
  const folder = join(config.templatesDir, id);
  await inPrivateRuntime(
    cli,
    use,
    config,
    () => requireFolder(folder, id, config, options),
    async (world) => {
      const bench = await openBench(world, folder, id, options);
      if (options.once === undefined) await runSession(cli, world, bench, folder, options);
      else await tryOnce(cli, world, bench, options.once, options);
    },
  );
}

async function openBench(
  { runtime, log, closer, progress, hold }: PrivateWorld,
  folder: string,
  id: string,
  options: DevOptions,
): Promise<Workbench> {
  await endLeftovers(runtime, caller);
  const bench = createWorkbench(
    { ...runtime, log },
    {
      folder,
      id,
      caller,
      ...(options.seed === undefined ? {} : { seed: options.seed }),
      say: progress.say,
    },
  );
  closer.add('the lab', async () => {
    progress.say('removing the lab');
    await bench.close(AbortSignal.any([hold.hurry, AbortSignal.timeout(endSeconds * 1000)]));
  });
  return bench;
}

/** Before anything is started: no such folder; for `--once` also a template that does not load, or a wrong name. */
async function requireFolder(folder: string, id: string, config: Config, options: DevOptions): Promise<void> {
  const { createVocabulary } = await import('../../compose/language.ts');
  const { language } = createVocabulary();
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    const { openTemplates } = await import('../../compose/templates.ts');
    const known = (await openTemplates(config.templatesDir, language).list()).map((one) => one.template.id);
    const hint = didYouMean(id, known) || '; `labwright template new` makes one.';
    throw new CliError('notFound', 'template_not_found', `There is no folder ${folder}${hint}`, { known });
  }
  if (options.once === undefined) return;
  const edition = await readEdition(folder, id, language);
  if (edition.content === null) return doesNotLoad(id, edition);
  if (options.once !== 'all') findCheck(edition.content.template, options.once);
}

async function doesNotLoad(id: string, edition: Edition): Promise<never> {
  const { formatProblem } = await import('../../templates/problem.ts');
  const problems = errorsOf(edition);
  const lines = problems.map(formatProblem).join('\n');
  throw new CliError('failed', 'template_invalid', `The template "${id}" does not load:\n${lines}`, {
    problems,
  });
}
