/** A whole Labwright in this process, with its HTTP API on a port of its own: what `serve` runs, without the command. */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ensureInstallationKey, lockDataFolder, openDataFolder } from '../../src/compose/data-folder.ts';
import { createLog } from '../../src/compose/log.ts';
import { composeRuntime, type Runtime } from '../../src/compose.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import { findPostgresBinaries } from '../../src/embedded/binaries.ts';
import { type ClusterHome, startControlCluster, startLabsCluster } from '../../src/embedded/clusters.ts';
import { ensureOsUsers } from '../../src/embedded/os-user.ts';
import { processesOf } from '../cli/labwright.ts';
import { findLeftovers, type Installation, query } from './belongings.ts';
import { type Client, createClient } from './client.ts';

export interface World {
  readonly runtime: Runtime;
  readonly url: string;
  readonly installation: Installation;
  /** Of an instructor; sees seeds, internals and everybody's labs. */
  readonly instructor: Client;
  /** Of a trainee with this name, made when first asked for. */
  trainee(name: string): Promise<Client>;
  /** Log lines from `warn` on, oldest first. */
  readonly log: readonly string[];
  /** Something that a test has started in place of what the runtime had; stopped with it. */
  onStop(stop: () => Promise<void>): void;
  /** Stops everything; throws when a process is left. */
  stop(): Promise<void>;
}

export type Settings = Partial<Record<keyof Config, string>>;

/** A data folder that the unprivileged users of an installation run as root can get to. */
export function makeDataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'labwright-e2e-'));
  chmodSync(folder, 0o755);
  return folder;
}

export async function startWorld(settings: Settings = {}): Promise<World> {
  const dataDir = makeDataFolder();
  const config = loadConfig({ dataDir, port: '0', logLevel: 'warn', ...settings }, {});
  openDataFolder(dataDir);
  const lock = lockDataFolder(dataDir, 'an end-to-end test');
  const log: string[] = [];
  const runtime = await composeRuntime(config, {
    log: createLog(config, { write: (line) => log.push(line.trimEnd()) }),
    say: () => {},
    signal: AbortSignal.timeout(60_000),
  });
  const tokens = await runtime.ensureTokens();
  if (tokens === null) throw new Error('a new installation has tokens of its own');
  runtime.startWorker();
  const url = await runtime.listen();
  const instructor = createClient(url, tokens.instructor);
  const trainees = new Map<string, Promise<Client>>();
  const installation = await installationOf(dataDir, config);
  const replacements: (() => Promise<void>)[] = [];
  return {
    runtime,
    url,
    installation,
    instructor,
    log,
    trainee(name) {
      const known =
        trainees.get(name) ?? tokenFor(instructor, name).then((token) => createClient(url, token));
      trainees.set(name, known);
      return known;
    },
    onStop: (stop) => void replacements.push(stop),
    async stop() {
      await runtime.close();
      for (const stopOne of replacements) await stopOne();
      lock.release();
      const running = processesOf(dataDir);
      rmSync(dataDir, { recursive: true, force: true });
      if (running.length > 0) throw new Error(`these still run:\n${running.join('\n')}`);
    },
  };
}

async function tokenFor(instructor: Client, subject: string): Promise<string> {
  return (await instructor.call<{ token: string }>('POST', '/tokens', { subject })).token;
}

/** What the embedded clusters of a data folder are started, or adopted, with. */
export async function clusterHome(dataDir: string): Promise<ClusterHome> {
  return {
    dataDir,
    binaries: findPostgresBinaries().root,
    user: (await ensureOsUsers()).postgres,
    installationKey: ensureInstallationKey(dataDir, null),
  };
}

/** The control database of a data folder that is in use now. */
export async function controlUrlOf(dataDir: string): Promise<string> {
  // It runs already, so this adopts it.
  return (await startControlCluster(await clusterHome(dataDir), AbortSignal.timeout(20_000))).adminUrl;
}

/** Where the databases of a data folder are that is in use now. */
export async function installationOf(
  dataDir: string,
  given: Pick<Config, 'databaseUrl' | 'labsDatabaseUrl'> = { databaseUrl: null, labsDatabaseUrl: null },
): Promise<Installation> {
  const home = await clusterHome(dataDir);
  // It runs already, so this adopts it.
  const signal = AbortSignal.timeout(20_000);
  const controlUrl = given.databaseUrl ?? (await controlUrlOf(dataDir));
  const labsUrl = given.labsDatabaseUrl ?? (await startLabsCluster(home, signal)).adminUrl;
  const [row] = await query<{ id: string }>(controlUrl, 'select id::text as id from installation');
  return { id: row?.id ?? '', dataDir, controlUrl, labsUrl };
}

/** Waits for what a sweep cleans up; gives what is still left over after `withinMs`. */
export async function leftoversAfter(
  installation: Installation,
  withinMs = 15_000,
): Promise<readonly string[]> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const left = await findLeftovers(installation);
    if (left.length === 0 || performance.now() > deadline) return left;
    await delay(100);
  }
}

/** Polls until `what` holds; throws `describe()` when it does not within `withinMs`. */
export async function eventually(
  what: () => Promise<boolean> | boolean,
  describe: () => string,
  withinMs = 10_000,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await what())) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${describe()}`);
    await delay(20);
  }
}

/** A name that no other test has. */
export function uniqueName(what: string): string {
  return `${what}-${randomBytes(4).toString('hex')}`;
}
