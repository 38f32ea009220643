/** The real command line, as its users start it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export const launcher = join(import.meta.dirname, '../../src/cli/labwright');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  stdout(): string;
  stderr(): string;
}

/** A data folder that the unprivileged users of an installation run as root can get to. */
export function makeDataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'labwright-cli-'));
  chmodSync(folder, 0o755);
  return folder;
}

export function removeDataFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Starts a command in a clean environment: only what is given, and where programs are. */
export function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Started {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(launcher, args, { env: { PATH, HOME, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { child, ended, stdout: () => stdout, stderr: () => stderr };
}

/** Runs a command to its end; `input` is what it reads. */
export async function run(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input = '',
): Promise<Ended> {
  const { child, ended } = start(args, env);
  child.stdin?.end(input);
  return ended;
}

export interface Ready {
  readonly url: string;
  readonly docsUrl: string;
  readonly metricsUrl: string | null;
  readonly tokens: { readonly trainee: string; readonly instructor: string };
  readonly pid: number;
  readonly seconds: number;
}

/** Starts a server and waits until it says that it is ready. */
export async function startServer(
  dataDir: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Started & { readonly ready: Ready }> {
  const server = start(['serve', '--json', '--data-dir', dataDir, '--port', '0'], {
    LOG_LEVEL: 'debug',
    ...env,
  });
  const deadline = performance.now() + 60_000;
  while (!server.stdout().includes('\n')) {
    if (server.child.exitCode !== null || performance.now() > deadline) {
      throw new Error(`the server did not start: ${server.stderr()}`);
    }
    await delay(20);
  }
  const [line = ''] = server.stdout().split('\n');
  return { ...server, ready: JSON.parse(line) as Ready };
}

/** Processes that have to do with a folder: by their command line, their environment or where they stand. */
export function processesOf(folder: string): readonly string[] {
  if (!existsSync('/proc/self/cmdline')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        // A zombie has no command line: it has ended.
        if (command === '') return [];
        const rest = [readFileSync(`/proc/${pid}/environ`, 'utf8'), readlinkSync(`/proc/${pid}/cwd`)];
        return [command, ...rest].some((text) => text.includes(folder)) ? [`${pid} ${command}`] : [];
      } catch {
        return [];
      }
    });
}
