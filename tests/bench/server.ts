/** Labwright as its users start it: a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { projectRoot } from '../../src/config.ts';

export interface ServerOptions {
  readonly dataDir: string;
  /** Null: the embedded databases of the data folder. */
  readonly databaseUrl: string | null;
  readonly labsUrl: string | null;
  readonly installationKey: Buffer;
  readonly spares: number;
  readonly roles?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Server {
  /** Null for a worker alone. */
  readonly url: string | null;
  /** Of an instructor; null when another data folder has it. */
  readonly token: string | null;
  readonly pid: number;
  /** As `kill -9`: its labs' processes stay. */
  kill(): Promise<void>;
  /** In order; succeeds when it has ended already. */
  stop(): Promise<void>;
}

/** What `labwright` is on a PATH. It becomes the server: no process stands between. */
const launcher = join(projectRoot, 'src', 'cli', 'labwright');
const startWithinMs = 60_000;
const stopWithinMs = 30_000;

/** Starts the process only; `ready` resolves with its first line. Its group is its own: Ctrl-C is ours to hear. */
export function launchServer(options: ServerOptions) {
  const { dataDir, databaseUrl, labsUrl, installationKey, spares, roles, env } = options;
  const child = spawn(launcher, ['serve', '--json'], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH ?? '/usr/bin:/bin',
      HOME: process.env.HOME ?? '/',
      DATA_DIR: dataDir,
      PORT: '0',
      LOG_LEVEL: 'warn',
      TEMPLATES_DIR: templatesFolder,
      INSTALLATION_KEY: installationKey.toString('hex'),
      SPARES: String(spares),
      LABS_PER_TRAINEE: '10000',
      LABS_GLOBAL: '100000',
      ...(roles === undefined ? {} : { ROLES: roles }),
      ...(databaseUrl === null ? {} : { DATABASE_URL: databaseUrl }),
      ...(labsUrl === null ? {} : { LABS_DATABASE_URL: labsUrl }),
      ...env,
    },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-4_000);
  });
  return {
    child,
    firstLine: () => (stdout.split('\n', 2)[1] === undefined ? null : stdout.split('\n')[0]),
    stderr: () => stderr,
  };
}

/** The templates that the benchmarks' labs are made from. */
export const templatesFolder = join(import.meta.dirname, 'templates');

/** Resolves when it says that it is ready. */
export async function startServer(options: ServerOptions, signal: AbortSignal): Promise<Server> {
  const { child, firstLine, stderr } = launchServer(options);
  const deadline = performance.now() + startWithinMs;
  for (;;) {
    const line = firstLine();
    if (line != null) {
      const { url, tokens } = JSON.parse(line) as {
        url: string | null;
        tokens: { instructor: string | null };
      };
      return {
        url,
        token: tokens.instructor,
        pid: child.pid ?? 0,
        kill: () => end(child, 'SIGKILL'),
        stop: () => end(child, 'SIGTERM'),
      };
    }
    if (hasEnded(child) || signal.aborted || performance.now() > deadline) {
      await end(child, 'SIGTERM');
      signal.throwIfAborted();
      throw new Error(`the server did not start: ${stderr()}`);
    }
    await delay(5);
  }
}

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null;

/** Ends a child that we started; by force when it takes too long. */
export async function end(child: ChildProcess, by: NodeJS.Signals): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  child.kill(by);
  const late = setTimeout(() => child.kill('SIGKILL'), stopWithinMs);
  try {
    await ended;
  } finally {
    clearTimeout(late);
  }
}
