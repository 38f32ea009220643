/** `labwright try`: a whole Labwright for one lab, gone when the command ends. */
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { createCloser } from '../../compose/closer.ts';
import { lockDataFolder, openDataFolder } from '../../compose/data-folder.ts';
import { createLog } from '../../compose/log.ts';
import { type Config, loadConfig } from '../../config.ts';
import { LabError } from '../../lab/errors.ts';
import type { Caller } from '../../lab/lab-service.ts';
import type { Template } from '../../templates/types.ts';
import type { Cli } from '../cli.ts';
import { CliError, reportOf } from '../cli-error.ts';
import { exitCodes } from '../exit-codes.ts';
import { renderAccess } from '../lab/render.ts';
import { openLab } from './lab.ts';
import { byHand, bySteps, type Outcome, stepsOf } from './play.ts';
import type { TryOptions } from './try.ts';

const caller: Caller = { role: 'instructor', subject: 'try' };
/** A lab of `--keep` must not be taken for one that a killed `try` has left. */
const keeper: Caller = { role: 'instructor', subject: 'try, kept' };
const endSeconds = 30;

export async function runTry(cli: Cli, wanted: string, options: TryOptions): Promise<void> {
  const { terminal, interrupts } = cli;
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
  const { template: id, config: asked } = settingsOf(wanted, options, terminal.debug);
  const progress = terminal.progress();
  const closer = createCloser((name, _ms, failure) => {
    if (failure !== null) terminal.note(`${name} could not be closed: ${reportOf(failure).message}`);
  });
  const hold = interrupts.hold(() => {
    progress.clear();
    terminal.note('Cleaning up; Ctrl-C once more to hurry.');
  });
  try {
    await requireTemplate(id, asked, options);
    const config = takeFolder(asked, closer);
    const log = createLog(config, { write: progress.above, isTTY: process.stderr.isTTY });
    progress.say('starting');
    const { composeRuntime } = await import('../../compose.ts');
    const runtime = await composeRuntime(config, { log, say: progress.say, signal: hold.stop });
    closer.add('the runtime', () => runtime.close(hold.hurry));
    runtime.startWorker();
    await endLeftovers(runtime);
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
  } catch (error) {
    if (!hold.stop.aborted) throw error;
    process.exitCode = 130;
  } finally {
    await closer.close(hold.hurry);
    progress.clear();
    hold.release();
  }
}

/** A path names a template's own folder; its neighbours are not looked at. */
function settingsOf(
  wanted: string,
  options: TryOptions,
  debug: boolean,
): { readonly template: string; readonly config: Config } {
  const isPath = /[/\\]|^\.\.?$/.test(wanted);
  const folder = resolve(wanted);
  const templatesDir = isPath ? dirname(folder) : options.templatesDir;
  const config = loadConfig({
    roles: 'worker',
    spares: '0',
    labsPerTrainee: '100',
    ...(options.dataDir === undefined ? {} : { dataDir: options.dataDir }),
    ...(templatesDir === undefined ? {} : { templatesDir }),
  });
  const logLevel = debug ? config.logLevel : 'error';
  return { template: isPath ? basename(folder) : wanted, config: { ...config, logLevel } };
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

/** The folder that the last try has warmed; a temporary one while another try has it. */
function takeFolder(config: Config, closer: ReturnType<typeof createCloser>): Config {
  const shared = join(config.dataDir, 'try');
  try {
    openDataFolder(config.dataDir);
    openDataFolder(shared);
    const lock = lockDataFolder(shared, 'labwright try');
    closer.add('the lock', lock.release);
    return { ...config, dataDir: shared };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    const own = mkdtempSync(
      join(process.getuid?.() === 0 && isFolder('/var/lib') ? '/var/lib' : tmpdir(), 'labwright-try-'),
    );
    // The unprivileged users of an installation run as root must get through it.
    if (process.getuid?.() === 0) chmodSync(own, 0o755);
    closer.add('the temporary folder', () => rmSync(own, { recursive: true, force: true }));
    const lock = lockDataFolder(own, 'labwright try');
    closer.add('the lock', lock.release);
    return { ...config, dataDir: own };
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Labs of a `try` that was killed; what is left of them goes on ending beside the new one. */
async function endLeftovers(runtime: import('../../compose.ts').Runtime): Promise<void> {
  const { items } = await runtime.labs.listLabs(caller, {
    trainee: caller.subject,
    phases: ['requested', 'provisioning', 'ready'],
    limit: 100,
  });
  await Promise.all(items.map(({ lab }) => runtime.labs.deleteLab(caller, lab.id)));
}
