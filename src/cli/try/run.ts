/** `labwright try`: a whole Labwright for one lab, gone when the command ends. */
import type { Config } from '../../config.ts';
import type { Caller } from '../../lab/lab-service.ts';
import type { Template } from '../../templates/types.ts';
import type { Cli } from '../cli.ts';
import { CliError } from '../cli-error.ts';
import { exitCodes } from '../exit-codes.ts';
import { renderAccess } from '../lab/render.ts';
import { endLeftovers, inPrivateRuntime, type PrivateWorld, privateSettings } from '../private-runtime.ts';
import { openLab } from './lab.ts';
import { byHand, bySteps, type Outcome, stepsOf } from './play.ts';
import type { TryOptions } from './try.ts';

const use = { command: 'labwright try', folder: 'try' };
const caller: Caller = { role: 'instructor', subject: 'try' };
/** A lab of `--keep` must not be taken for one that a killed `try` has left. */
const keeper: Caller = { role: 'instructor', subject: 'try, kept' };
const endSeconds = 120;

export async function runTry(cli: Cli, wanted: string, options: TryOptions): Promise<void> {
  const { terminal } = cli;
  if (options.solve !== undefined && options.wrong !== undefined) {
    throw new CliError('usage', 'bad_usage', 'Give --solve or --wrong, not both.');
  }
  if (terminal.json && options.solve === undefined && options.wrong === undefined) {
    throw new CliError(
      'usage',
      'bad_usage',
      'With --json nobody can press Enter: give --solve or --wrong as well.',
    );
  }
  const { template, config } = privateSettings(wanted, options, terminal.debug);
  await inPrivateRuntime(
    cli,
    use,
    config,
    () => requireTemplate(template, config, options),
    (world) => tryLab(cli, world, template, options),
  );
}

async function tryLab(
  { terminal }: Cli,
  { runtime, config, closer, progress, hold }: PrivateWorld,
  id: string,
  options: TryOptions,
): Promise<void> {
  await endLeftovers(runtime, caller);
  progress.say('asking for a lab');
  const owner = options.keep === true ? keeper : caller;
  const wish = { template: id, ...(options.seed === undefined ? {} : { seed: options.seed }) };
  const lab = await openLab(runtime, owner, wish, progress.say, hold.stop);
  if (options.keep !== true) {
    closer.add('the lab', async () => {
      progress.say('removing the lab');
      await lab.end(AbortSignal.any([hold.hurry, AbortSignal.timeout(endSeconds * 1000)]));
    });
  }
  await lab.ready();
  progress.done(`Lab ${lab.id} is ready`);
  const { version } = await runtime.labs.getLabWithTemplate(owner, lab.id);
  const plan = stepsOf(version.template, options);
  if (plan === null) terminal.print(renderAccess(terminal, { components: await lab.access() }));
  const outcome: Outcome =
    plan === null
      ? await byHand(terminal, lab, hold.stop)
      : await bySteps(terminal, progress, lab, version.template, plan);
  if (!outcome.ok) process.exitCode = exitCodes.failed.code;
  if (terminal.json) terminal.answer({ template: id, lab: lab.id, ...outcome }, () => '');
  if (options.keep === true) terminal.note(`Kept: labwright serve --data-dir ${config.dataDir}`);
}

/** Before anything is started: a wrong name, a template that does not load, or a solution that it has not. */
async function requireTemplate(id: string, config: Config, options: TryOptions): Promise<void> {
  const { createVocabulary } = await import('../../compose/language.ts');
  const { openTemplates } = await import('../../compose/templates.ts');
  const { nearest } = await import('../../templates/suggest.ts');
  const source = openTemplates(config.templatesDir, createVocabulary().language);
  const version = await source.load(id);
  if (version !== null) {
    stepsOf(version.template satisfies Template, options);
    return;
  }
  const broken = (await source.problems()).find((one) => one.id === id);
  if (broken !== undefined) {
    const { formatProblem } = await import('../../templates/problem.ts');
    const first = broken.problems.slice(0, 5).map(formatProblem).join('\n');
    throw new CliError('failed', 'template_invalid', `The template "${id}" does not load:\n${first}`, {
      problems: broken.problems,
    });
  }
  const known = (await source.list()).map(({ template }) => template.id);
  const near = nearest(id, known);
  const hint = near === null ? `Known: ${known.join(', ') || 'none'}.` : `Did you mean "${near}"?`;
  throw new CliError(
    'notFound',
    'template_not_found',
    `There is no template "${id}" in ${config.templatesDir}. ${hint}`,
    {
      template: id,
      known,
    },
  );
}
