/** A sandbox handle onto real servers, processes and folders of a test, with what the driver port promises. */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { glob, lstat, mkdir, open, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import type { Filler, LookContext, SandboxHandle } from '../../src/grading/types.ts';
import { LabError } from '../../src/lab/errors.ts';
import type { ComponentAccess, FileFound } from '../../src/lab/ports.ts';

export function testHandle(components: Readonly<Record<string, ComponentAccess>>): SandboxHandle {
  const access = (name: string): ComponentAccess => {
    const found = components[name];
    if (found === undefined) throw new LabError('component_not_found', `no component ${name}`);
    return found;
  };
  const folder = (name: string): string => {
    const found = access(name);
    if (found.kind !== 'shell') throw new TypeError(`${name} has no files`);
    return found.path;
  };
  return {
    access,
    dial(name, signal) {
      const target = access(name);
      if (target.kind === 'shell') throw new TypeError(`${name} has no port`);
      const { host, port } = target;
      return new Promise((resolve, reject) => {
        const socket = connect({ host, port, signal });
        socket.once('connect', () => resolve(socket));
        socket.once('error', reject);
      });
    },
    exec(name, argv, caps, signal) {
      const start = performance.now();
      const [program = '', ...args] = argv;
      const options = { cwd: folder(name), timeout: caps.timeoutMs, maxBuffer: caps.maxBytes, signal };
      return new Promise((resolve, reject) => {
        execFile(program, args, { ...options, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
          if (signal.aborted) return reject(signal.reason);
          const truncated = error?.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER';
          const code = typeof error?.code === 'number' ? error.code : null;
          resolve({
            exitCode: error === null ? 0 : code,
            signal: error?.signal ?? null,
            stdout,
            stderr,
            timedOut: error?.killed === true && !truncated,
            truncated,
            durationMs: performance.now() - start,
          });
        });
      });
    },
    async readFiles(name, query, signal) {
      const found: FileFound[] = [];
      for await (const path of glob(query.glob, { cwd: folder(name) })) {
        signal.throwIfAborted();
        const file = await readRegular(join(folder(name), path), path, query.maxBytesEach);
        if (file !== null) found.push(file);
      }
      found.sort((a, b) => b.modifiedAt.getTime() - a.modifiedAt.getTime());
      return found.slice(0, query.maxFiles);
    },
    async writeFile(name, path, content) {
      const target = join(folder(name), path);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, content);
    },
  };
}

async function readRegular(full: string, path: string, most: number): Promise<FileFound | null> {
  if (!(await lstat(full)).isFile()) return null;
  const file = await open(full, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { size, mtime } = await file.stat();
    return { path, bytes: size, modifiedAt: mtime, content: size > most ? null : await file.readFile() };
  } finally {
    await file.close();
  }
}

/** Leaves everything as it is written. */
export const fillNothing: Filler = {
  value: (raw) => raw,
  text: (raw) => raw,
  urlPath: (raw) => raw,
  header: (raw) => raw,
};

export function lookContext(sandbox: SandboxHandle, more: Partial<LookContext> = {}): LookContext {
  return { sandbox, fill: fillNothing, answers: {}, deadlineMs: 30_000, templateFile: () => null, ...more };
}
