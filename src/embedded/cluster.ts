/**
 * One PostgreSQL cluster of our own. The server runs in its own process group and session: a terminal's Ctrl-C does
 * not reach it, and it outlives a killed Labwright, so the next start adopts it instead of fighting over its folder.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { LabError } from '../lab/errors.ts';
import { ensureFolder } from './folder.ts';
import { findFreePort, isPortFree } from './free-port.ts';
import { ensureDataDirectory } from './initdb.ts';
import { asUser, type OsUser } from './os-user.ts';
import { findPostmaster, type Postmaster } from './postmaster.ts';
import { type ProcessIdentity, signalProcess, waitForEnd } from './process-identity.ts';

export interface ClusterOptions {
  /** Holds `data`, `port` and `server.log`; made when absent. */
  readonly folder: string;
  /** Folder with PostgreSQL's `bin`, `lib` and `share`, readable by `user`. */
  readonly binaries: string;
  readonly user: OsUser | null;
  /** Of the superuser `postgres`; the same at every start. */
  readonly password: string;
  /** False: after a crash of the machine (not of Labwright) the data may be lost. */
  readonly durable: boolean;
  /** More arguments of initdb, for a new data directory. */
  readonly initdb?: readonly string[];
  /** More server settings, such as `max_connections`. */
  readonly settings: Readonly<Record<string, string>>;
}

export interface Cluster {
  /** Of the superuser, on database `postgres`. */
  readonly adminUrl: string;
  readonly port: number;
  readonly process: ProcessIdentity;
  /** Whether it ran already: a Labwright before this one was killed. */
  readonly adopted: boolean;
  /** Orderly (fast) shutdown, at once when it takes over 20 s. Succeeds when it has stopped already. */
  stop(): Promise<void>;
}

/**
 * Starts the cluster, or adopts it when it still runs. Makes its data directory at first.
 * Throws LabError `start_failed` with the server's own last words.
 */
export async function startCluster(options: ClusterOptions, signal: AbortSignal): Promise<Cluster> {
  ensureFolder(options.folder, options.user, 0o700);
  const data = join(options.folder, 'data');
  const running = findPostmaster(data);
  if (running !== null) {
    const adopted = describe(options, await waitUntilReady(data, running, options, signal), true);
    if (await accepts(adopted.adminUrl)) return adopted;
    // Ours by its folder, yet it does not know our password or no longer answers: it is of no use to anyone.
    await stopServer(running.process);
  }
  await ensureDataDirectory(options);
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    const port = await choosePort(options.folder);
    try {
      return describe(options, await launch(data, port, options, signal), false);
    } catch (cause) {
      // Someone took the port between our look and the server's, or a killed server or the last of its children are
      // still leaving: look again.
      const isLeaving =
        cause instanceof LabError &&
        /shared memory block|"postmaster\.pid" already exists/.test(cause.message);
      if (attempt === 5 || (!isLeaving && (await isPortFree(port)))) throw cause;
      await delay(isLeaving ? 300 : 0, undefined, { signal });
    }
  }
}

/** Stops whatever server runs on the cluster in this folder; succeeds when there is none. */
export async function stopClusterIn(folder: string): Promise<void> {
  const running = findPostmaster(join(folder, 'data'));
  if (running !== null) await stopServer(running.process);
}

async function choosePort(folder: string): Promise<number> {
  const path = join(folder, 'port');
  const kept = Number(readText(path));
  // Kept, so that connection strings that trainees have copied survive a restart.
  if (kept > 0 && (await isPortFree(kept))) return kept;
  const port = await findFreePort();
  writeFileSync(path, `${port}\n`);
  return port;
}

async function launch(data: string, port: number, options: ClusterOptions, signal: AbortSignal) {
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    timezone: 'UTC',
    log_timezone: 'UTC',
    password_encryption: 'scram-sha-256',
    ...(options.durable ? {} : { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' }),
    ...options.settings,
  };
  const args = ['-D', data, ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])];
  const logPath = join(options.folder, 'server.log');
  const log = openSync(logPath, 'w', 0o600);
  const child = spawn(join(options.binaries, 'bin', 'postgres'), args, {
    ...asUser(options.user),
    cwd: options.folder,
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  child.unref();
  let ended: string | null = null;
  child.once('error', (error) => {
    ended = error.message;
  });
  child.once('exit', (code, by) => {
    ended = `it ended with ${code ?? by}`;
  });
  const deadline = performance.now() + 60_000;
  for (;;) {
    const postmaster = findPostmaster(data);
    if (postmaster?.ready === true && postmaster.process.pid === child.pid) return postmaster;
    if (ended !== null || performance.now() > deadline) {
      child.kill('SIGQUIT');
      throw startFailed(options, ended ?? 'it was not ready within 60 s');
    }
    if (signal.aborted) {
      child.kill('SIGINT');
      signal.throwIfAborted();
    }
    await delay(5);
  }
}

async function waitUntilReady(
  data: string,
  found: Postmaster,
  options: ClusterOptions,
  signal: AbortSignal,
): Promise<Postmaster> {
  const deadline = performance.now() + 60_000;
  for (let now: Postmaster | null = found; now !== null; now = findPostmaster(data)) {
    if (now.ready) return now;
    if (performance.now() > deadline) break;
    await delay(20, undefined, { signal });
  }
  throw startFailed(options, 'a server that ran already did not become ready within 60 s');
}

function startFailed(options: ClusterOptions, what: string): LabError {
  const lastWords = (readText(join(options.folder, 'server.log')) ?? '')
    .trim()
    .split('\n')
    .slice(-5)
    .join('\n');
  return new LabError(
    'start_failed',
    `The embedded PostgreSQL in ${options.folder} did not start: ${what}.\n${lastWords}`.trim(),
  );
}

function describe(options: ClusterOptions, postmaster: Postmaster, adopted: boolean): Cluster {
  const { port, process } = postmaster;
  return {
    adminUrl: `postgres://postgres:${encodeURIComponent(options.password)}@127.0.0.1:${port}/postgres`,
    port,
    process,
    adopted,
    stop: () => stopServer(process),
  };
}

async function accepts(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

async function stopServer(process: ProcessIdentity): Promise<void> {
  signalProcess(process, 'SIGINT');
  if (await waitForEnd(process, 20_000)) return;
  signalProcess(process, 'SIGQUIT');
  if (await waitForEnd(process, 5_000)) return;
  signalProcess(process, 'SIGKILL');
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
