/** A workspace read as one would who trusts it: by path, whole, whatever stands there. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { SandboxHandle } from '../../../src/grading/types.ts';

/** @param between done after a file was looked at and before it is read. */
export function trusting(sandbox: SandboxHandle, between: () => void = () => {}): SandboxHandle {
  return {
    ...sandbox,
    async readFiles(name, { glob: path }) {
      const access = sandbox.access(name);
      if (access.kind !== 'shell') throw new TypeError('not a workspace');
      const full = join(access.path, path);
      const { size, mtime } = await stat(full);
      between();
      return [{ path, bytes: size, modifiedAt: mtime, content: await readFile(full) }];
    },
  };
}

/** The real reader, asked for as many and as large files as there are. */
export function boundless(sandbox: SandboxHandle): SandboxHandle {
  const unbounded = { maxFiles: 2 ** 31, maxBytesEach: 2 ** 31, maxBytesAll: 2 ** 40 };
  return {
    ...sandbox,
    readFiles: (name, query, signal) => sandbox.readFiles(name, { ...query, ...unbounded }, signal),
  };
}
