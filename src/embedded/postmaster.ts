/** What PostgreSQL says about itself in `postmaster.pid`: one fact a line, in a fixed order. */
import { existsSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { identify, type ProcessIdentity } from './process-identity.ts';

export interface Postmaster {
  readonly process: ProcessIdentity;
  readonly port: number;
  readonly ready: boolean;
}

/**
 * The server that runs on this data directory, or null. The file outlives a killed server and its pid may by now
 * belong to somebody else, on whose account PostgreSQL would refuse to start: such a file is removed.
 */
export function findPostmaster(dataDirectory: string): Postmaster | null {
  const path = join(dataDirectory, 'postmaster.pid');
  let lines: string[];
  try {
    lines = readFileSync(path, 'utf8').split('\n');
  } catch {
    return null;
  }
  const process = identify(Number(lines[0]));
  if (process === null) return null;
  if (!serves(process.pid, dataDirectory)) {
    rmSync(path, { force: true });
    return null;
  }
  return { process, port: Number(lines[3]), ready: (lines[7] ?? '').trim() === 'ready' };
}

/** By where it works and not by how it was called: the folder may have been moved meanwhile, or be behind a link. */
function serves(pid: number, dataDirectory: string): boolean {
  if (!existsSync('/proc/self/cwd')) return true;
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(dataDirectory);
  } catch {
    return false;
  }
}
