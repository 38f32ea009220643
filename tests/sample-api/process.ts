import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { environment } from './support.ts';

export const mainFile = fileURLToPath(new URL('../../src/sample-api/main.ts', import.meta.url));
export const seedFile = fileURLToPath(new URL('../../src/sample-api/seed/main.ts', import.meta.url));

export interface Running {
  url: string;
  child: ChildProcess;
  /** Sends SIGTERM; resolves with the exit code and how long it took. */
  stop(): Promise<{ code: number | null; milliseconds: number }>;
}

/** The API as a process of its own, as labs run it. */
export async function startProcess(databaseUrl: string, more: Record<string, string> = {}): Promise<Running> {
  const child = spawn(process.execPath, [mainFile], {
    env: { PATH: process.env.PATH, ...environment(databaseUrl, { LOG_LEVEL: 'fatal', ...more }) },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const exited = once(child, 'exit');
  const line = await Promise.race([
    once(child.stdout, 'data').then(([chunk]) => String(chunk)),
    exited.then(() => Promise.reject(new Error(`it ended: ${errors}`))),
  ]);
  const { event, url } = JSON.parse(line) as { event: string; url: string };
  if (event !== 'listening') throw new Error(`it said ${line}`);
  return {
    url,
    child,
    async stop() {
      const started = performance.now();
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await exited;
      return { code: child.exitCode, milliseconds: performance.now() - started };
    },
  };
}

/** Runs a file to its end. */
export async function run(
  file: string,
  args: string[],
  env: Record<string, string>,
): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(process.execPath, [file, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err]: [string[], string[]] = [[], []];
  child.stdout.on('data', (chunk) => out.push(String(chunk)));
  child.stderr.on('data', (chunk) => err.push(String(chunk)));
  const [code] = await once(child, 'close');
  return { code, out: out.join(''), err: err.join('') };
}
