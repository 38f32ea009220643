/** A whole Labwright for one command, in its own process and data folder; gone when the command ends. */
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { type Closer, createCloser } from '../compose/closer.ts';
import { lockDataFolder, openDataFolder } from '../compose/data-folder.ts';
import { createLog, type Log } from '../compose/log.ts';
import type { Runtime } from '../compose.ts';
import { type Config, loadConfig } from '../config.ts';
import { LabError } from '../lab/errors.ts';
import type { Caller } from '../lab/lab-service.ts';
import type { Cli } from './cli.ts';
import { reportOf } from './cli-error.ts';
import type { Hold } from './interrupts.ts';
import type { Progress } from './progress.ts';

/** The command, as others are told who has its folder; also the folder's name below DATA_DIR. */
export interface PrivateUse {
  readonly command: string;
  readonly folder: string;
}

export interface PrivateWorld {
  readonly runtime: Runtime;
  readonly config: Config;
  readonly log: Log;
  /** What is added is closed before the runtime, the last first. */
  readonly closer: Closer;
  readonly progress: Progress;
  readonly hold: Hold;
}

interface Given {
  readonly dataDir?: string;
  readonly templatesDir?: string;
}

/**
 * Which template is meant, and the settings of a runtime that serves one command with it: no API, no spares, and hardly
 * a quota. A path names a template's own folder.
 */
export function privateSettings(
  wanted: string,
  given: Given,
  debug: boolean,
): { readonly template: string; readonly config: Config } {
  const isPath = /[/\\]|^\.\.?$/.test(wanted);
  const folder = resolve(wanted);
  const template = isPath ? basename(folder) : wanted;
  const templatesDir = isPath ? dirname(folder) : given.templatesDir;
  const config = loadConfig({
    roles: 'worker',
    spares: '0',
    labsPerTrainee: '100',
    ...(given.dataDir === undefined ? {} : { dataDir: given.dataDir }),
    ...(templatesDir === undefined ? {} : { templatesDir }),
  });
  return { template, config: { ...config, logLevel: debug ? config.logLevel : 'error' } };
}

/**
 * Starts a runtime with a worker, does the work, and closes everything, also after Ctrl-C, for which the exit code is
 * 130. `before` is done first, when nothing has been started yet.
 */
export async function inPrivateRuntime(
  { terminal, interrupts }: Cli,
  use: PrivateUse,
  asked: Config,
  before: () => Promise<void>,
  work: (world: PrivateWorld) => Promise<void>,
): Promise<void> {
  const progress = terminal.progress();
  const closer = createCloser((name, _ms, failure) => {
    if (failure !== null) terminal.note(`${name} could not be closed: ${reportOf(failure).message}`);
  });
  const hold = interrupts.hold(() => {
    progress.clear();
    terminal.note('Cleaning up; Ctrl-C once more to hurry.');
  });
  try {
    await before();
    const config = takeFolder(use, asked, closer);
    const log = createLog(config, { write: progress.above, isTTY: process.stderr.isTTY });
    progress.say('starting');
    const { composeRuntime } = await import('../compose.ts');
    const runtime = await composeRuntime(config, {
      log,
      say: progress.say,
      signal: hold.stop,
      transient: true,
    });
    closer.add('the runtime', () => runtime.close(hold.hurry));
    runtime.startWorker();
    await work({ runtime, config, log, closer, progress, hold });
  } catch (error) {
    if (!hold.stop.aborted) throw error;
    process.exitCode = 130;
  } finally {
    await closer.close(hold.hurry);
    progress.clear();
    hold.release();
  }
}

/** Labs of such a command that was killed; what is left of them goes on ending beside the new ones. */
export async function endLeftovers(runtime: Runtime, caller: Caller): Promise<void> {
  const { items } = await runtime.labs.listLabs(caller, {
    trainee: caller.subject,
    phases: ['requested', 'provisioning', 'ready'],
    limit: 100,
  });
  await Promise.all(items.map(({ lab }) => runtime.labs.deleteLab(caller, lab.id)));
}

/** The folder that the last use has warmed; a temporary one while another process has it. */
function takeFolder({ command, folder }: PrivateUse, config: Config, closer: Closer): Config {
  const shared = join(config.dataDir, folder);
  try {
    openDataFolder(config.dataDir);
    openDataFolder(shared);
    const lock = lockDataFolder(shared, command);
    closer.add('the lock', lock.release);
    return { ...config, dataDir: shared };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    const own = mkdtempSync(
      join(process.getuid?.() === 0 && isFolder('/var/lib') ? '/var/lib' : tmpdir(), `labwright-${folder}-`),
    );
    // The unprivileged users of an installation run as root must get through it.
    if (process.getuid?.() === 0) chmodSync(own, 0o755);
    closer.add('the temporary folder', () => rmSync(own, { recursive: true, force: true }));
    const lock = lockDataFolder(own, command);
    closer.add('the lock', lock.release);
    return { ...config, dataDir: own };
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
