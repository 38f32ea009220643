/** Containers of Labwright's image, as an operator starts them: read-only, without rights, and with little else. */
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { dockerHost } from '../support/docker.ts';

const run = promisify(execFile);

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function docker(...args: readonly string[]): Promise<Ended> {
  try {
    return { code: 0, ...(await run('docker', [...args], { maxBuffer: 64 * 1024 * 1024 })) };
  } catch (thrown) {
    const { code, stdout = '', stderr = '' } = thrown as Partial<Ended> & Error;
    return { code: typeof code === 'number' ? code : -1, stdout, stderr };
  }
}

/** Throws what docker said. */
export async function dockerOk(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await docker(...args);
  if (code !== 0) throw new Error(`docker ${args.join(' ')} ended with ${code}: ${stderr.slice(-2_000)}`);
  return stdout.trim();
}

export const hardened = [
  '--read-only',
  '--cap-drop=ALL',
  '--security-opt=no-new-privileges',
  '--tmpfs=/tmp',
  '--tmpfs=/var/lib/labwright:uid=999,gid=999,mode=0700',
] as const;

const socket = decodeURIComponent(new URL(dockerHost).pathname);
const mounted = `--volume=${socket}:/var/run/docker.sock`;

/** The engine's socket, and the group that may use it. */
export const withSocket = (): readonly string[] => [mounted, `--group-add=${statSync(socket).gid}`];
export const withClosedSocket = (): readonly string[] => [mounted];

export const environment = (values: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(values).map(([name, value]) => `--env=${name}=${value}`);

export interface Container {
  readonly id: string;
  /** Of a port that it publishes, from this machine. */
  url(port: number): Promise<string>;
  logs(): Promise<string>;
  exec(...argv: readonly string[]): Promise<Ended>;
  /** Of the engine's `State`. */
  state(): Promise<{ readonly Running: boolean; readonly ExitCode: number; readonly OOMKilled: boolean }>;
  /** What HEALTHCHECK says. */
  health(): Promise<string>;
  untilHealthy(withinMs?: number): Promise<void>;
  /** SIGTERM, and after so many seconds SIGKILL; gives the milliseconds until it has ended. */
  stop(seconds: number): Promise<number>;
  kill(): Promise<void>;
}

/** `docker run --detach` with these options; the container is found by its label and removed by whoever made it. */
export async function startContainer(
  options: readonly string[],
  ...command: readonly string[]
): Promise<Container> {
  const id = await dockerOk('run', '--detach', ...options, ...command);
  const inspect = (format: string) => dockerOk('inspect', '--format', format, id);
  const logs = async () => {
    const { stdout, stderr } = await docker('logs', id);
    return `${stdout}${stderr}`;
  };
  return {
    id,
    url: async (port) => `http://${(await dockerOk('port', id, `${port}/tcp`)).split('\n')[0]}`,
    logs,
    exec: (...argv) => docker('exec', id, ...argv),
    state: async () => JSON.parse(await inspect('{{json .State}}')),
    health: () => inspect('{{.State.Health.Status}}'),
    async untilHealthy(withinMs = 120_000) {
      const deadline = performance.now() + withinMs;
      while ((await inspect('{{.State.Health.Status}}')) !== 'healthy') {
        const isRunning = (await inspect('{{.State.Running}}')) === 'true';
        if (isRunning && performance.now() < deadline) {
          await delay(250);
          continue;
        }
        throw new Error(`it is not healthy:\n${await inspect('{{json .State}}')}\n${await logs()}`);
      }
    },
    async stop(seconds) {
      const began = performance.now();
      await dockerOk('stop', `--time=${seconds}`, id);
      return performance.now() - began;
    },
    kill: async () => void (await dockerOk('kill', id)),
  };
}
