/** `labwright serve`: everything in one process, until it is asked to stop. */

import { lockDataFolder, openDataFolder, type SavedTokens, tokensFile } from '../compose/data-folder.ts';
import { createLog } from '../compose/log.ts';
import { requirePort } from '../compose/port.ts';
import type { Runtime } from '../compose.ts';
import { type Config, loadConfig } from '../config.ts';
import type { Cli } from './cli.ts';
import { pairs } from './lab/render.ts';

export async function serve(cli: Cli, flags: Partial<Record<keyof Config, string>>): Promise<void> {
  const { terminal, interrupts } = cli;
  const started = performance.now();
  const config = loadConfig(flags);
  openDataFolder(config.dataDir);
  const lock = lockDataFolder(config.dataDir, 'labwright serve');
  const progress = terminal.progress();
  const hold = interrupts.hold(() => terminal.note('\nStopping; once more to hurry.'));
  const log = createLog(config, { write: progress.above, isTTY: process.stderr.isTTY });
  let runtime: Runtime | null = null;
  try {
    const api = config.roles.includes('api');
    if (api) await requirePort(config.host, config.port);
    progress.say('loading');
    const { composeRuntime } = await import('../compose.ts');
    runtime = await composeRuntime(config, { log, say: progress.say, signal: hold.stop });
    // Where people come to: a worker's data folder is looked into by nobody.
    const tokens = api ? await runtime.ensureTokens() : null;
    if (config.roles.includes('worker')) runtime.startWorker();
    const metrics = await runtime.listenForMetrics();
    const url = api ? await runtime.listen() : null;
    lock.announce(url, url === null ? null : `${url}/docs`);
    const seconds = Math.round(performance.now() - started) / 1000;
    progress.clear();
    log.debug({ ms: runtime.laps() }, 'where the start took its time');
    announce(cli, config, { url, metrics, tokens, seconds });
    await new Promise<void>((resolve) => {
      if (hold.stop.aborted) resolve();
      else hold.stop.addEventListener('abort', () => resolve(), { once: true });
    });
  } catch (error) {
    // Asked to stop while it was starting: that is no failure.
    if (!hold.stop.aborted) throw error;
  } finally {
    progress.clear();
    await runtime?.close(hold.hurry);
    lock.release();
    hold.release();
    if (hold.stop.aborted) terminal.note('Stopped.');
  }
}

const loopback: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost']);

interface Started {
  readonly url: string | null;
  readonly metrics: string | null;
  readonly tokens: SavedTokens | null;
  readonly seconds: number;
}

const boundary =
  'The process backend is no security boundary: labs run as ordinary processes of this machine.\n' +
  'It is for one person, for CI and for trying out, not for trainees who may be hostile.';

function announce({ terminal }: Cli, config: Config, { url, metrics, tokens, seconds }: Started): void {
  const { colour } = terminal;
  const { trainee = null, instructor = null } = tokens ?? {};
  const docsUrl = url === null ? null : `${url}/docs`;
  if (terminal.json) {
    terminal.stream({
      event: 'ready',
      url,
      docsUrl,
      metricsUrl: metrics === null ? null : `${metrics}/metrics`,
      tokens: { trainee, instructor },
      dataDir: config.dataDir,
      pid: process.pid,
      seconds,
    });
    return;
  }
  const others = 'made before, elsewhere; `labwright token create` makes more';
  // A service that others reach is mostly a container, whose engine keeps what it prints for all who may read its log.
  const isPrivate = terminal.interactive || loopback.has(config.host);
  const shown = (token: string | null) => {
    if (token === null) return others;
    return isPrivate ? token : `in ${tokensFile(config.dataDir)}`;
  };
  const lines = [
    ...(url === null
      ? [['role', 'worker only']]
      : [
          ['url', colour.bold(colour.cyan(url))],
          ['docs', `${url}/docs`],
        ]),
    ...(url === null
      ? []
      : [
          ['trainee', shown(trainee)],
          ['instructor', shown(instructor)],
        ]),
    ...(metrics === null ? [] : [['metrics', `${metrics}/metrics`]]),
    ['data', config.dataDir],
  ];
  terminal.print(`\n${colour.green('✓')} Labwright is ready ${colour.dim(`in ${seconds.toFixed(1)} s`)}\n`);
  terminal.print(pairs(terminal, lines));
  if (config.backends.includes('process'))
    terminal.print(`\n${colour.yellow('!')} ${boundary.replace('\n', '\n  ')}`);
  terminal.print(
    colour.dim('\nCtrl-C stops everything that was started here; labs are kept for the next start.'),
  );
}
