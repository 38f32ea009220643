/** Runs one program of a trainee's workspace to its end, within limits. */
import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { asUser, type OsUser } from '../../embedded/os-user.ts';
import type { ExecLimits, ExecResult } from '../../lab/ports.ts';

/** Where programs are looked for, whatever the environment of Labwright or of the trainee says. */
export const searchPath: readonly string[] = ['/usr/local/bin', '/usr/bin', '/bin'];

/** With the node that Labwright brings first: templates are written for that one. */
export const searchPathWith = (node: string): readonly string[] => [dirname(node), ...searchPath];

export interface Program {
  readonly argv: readonly string[];
  readonly cwd: string;
  /** Folders where a bare name is looked for. */
  readonly path: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly user: OsUser | null;
}

/**
 * @returns also when the program failed, was not found (127) or went over a limit: that is its result.
 * Throws the signal's reason when that is aborted; the program and all it started in its group have been ended then.
 */
export async function runProgram(
  program: Program,
  limits: ExecLimits,
  signal: AbortSignal,
): Promise<ExecResult> {
  signal.throwIfAborted();
  const started = performance.now();
  const [name = '', ...args] = program.argv;
  const path = locate(name, program.cwd, program.path);
  if (path === null) return failure(127, `${name}: not found\n`, started);
  const child = spawn(path, args, {
    ...asUser(program.user),
    cwd: program.cwd,
    env: program.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let timedOut = false;
  let truncated = false;
  const endGroup = () => {
    if (child.pid === undefined) return;
    try {
      // Still ours to signal while not reaped, or while a member of its group lives.
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // All have ended.
    }
  };
  const timer = setTimeout(() => {
    timedOut = true;
    endGroup();
  }, limits.timeoutMs);
  signal.addEventListener('abort', endGroup, { once: true });
  const collect = (stream: NodeJS.ReadableStream) => {
    const chunks: Buffer[] = [];
    let size = 0;
    stream.on('data', (chunk: Buffer) => {
      const room = limits.maxBytes - size;
      if (chunk.length > room) {
        truncated = true;
        endGroup();
      }
      if (room > 0) chunks.push(chunk.subarray(0, room));
      size += Math.min(chunk.length, room);
    });
    return () => Buffer.concat(chunks).toString('utf8');
  };
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  try {
    const ended = await new Promise<{ code: number | null; by: string | null } | { error: Error }>(
      (resolve) => {
        child.once('error', (error) => resolve({ error }));
        child.once('exit', (code, by) => {
          // What it left running must not hold its output open, nor outlive it.
          endGroup();
          child.once('close', () => resolve({ code, by }));
          // Something that has left the group may still hold it: a moment for what is in the pipe, no more.
          setTimeout(() => {
            child.stdout.destroy();
            child.stderr.destroy();
          }, 200).unref();
        });
      },
    );
    signal.throwIfAborted();
    if ('error' in ended) return failure(126, `${name}: ${ended.error.message}\n`, started);
    return {
      exitCode: ended.code,
      signal: ended.by,
      stdout: stdout(),
      stderr: stderr(),
      timedOut,
      truncated,
      durationMs: performance.now() - started,
    };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', endGroup);
  }
}

/** A bare name is looked up in `path`; one with a slash is absolute or below `cwd`. */
export function locate(name: string, cwd: string, path: readonly string[]): string | null {
  if (name.includes('\0') || name === '') return null;
  if (name.includes('/')) return isAbsolute(name) ? name : join(cwd, name);
  return path.map((folder) => join(folder, name)).find(isProgram) ?? null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function failure(exitCode: number, stderr: string, started: number): ExecResult {
  const durationMs = performance.now() - started;
  return { exitCode, signal: null, stdout: '', stderr, timedOut: false, truncated: false, durationMs };
}
