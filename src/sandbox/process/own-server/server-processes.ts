/**
 * The processes of labs' own servers. Each session of a server is a process and leads a group of its own, so a signal
 * to the server's group reaches the postmaster alone; but all of them work in the data folder.
 */
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import type { OsUser } from '../../../embedded/os-user.ts';
import { type ProcessIdentity, signalProcess } from '../../../embedded/process-identity.ts';
import { endInhabitants, inhabitantsOf } from '../inhabitants.ts';
import { runCommand } from './run-command.ts';

/** The postmaster, its sessions, and what they have started. */
export function processesOf(data: string): readonly ProcessIdentity[] {
  try {
    return inhabitantsOf(realpathSync(data));
  } catch {
    return [];
  }
}

/** Signals every process of the server on this data folder. */
export function signalServer(data: string, signal: NodeJS.Signals): void {
  for (const process of processesOf(data)) signalProcess(process, signal);
}

/** Ends all that still works in the data folder of a server whose postmaster has ended, and what it left in the kernel. */
export async function endRemains(data: string, user: OsUser | null): Promise<void> {
  for (let look = 0; look < 3 && processesOf(data).length > 0; look += 1)
    await endInhabitants(realpathSync(data));
  await removeSharedMemory(data, user);
  // Its pid may by now be somebody else's, on whose account PostgreSQL would not start.
  rmSync(join(data, 'postmaster.pid'), { force: true });
}

/**
 * A killed server leaves a shared memory segment of a few bytes, which only a server on the same folder would take
 * over. What the folder says of it is the trainee's word: it goes only as the lab's user and when nobody has it.
 */
async function removeSharedMemory(data: string, user: OsUser | null): Promise<void> {
  const id = segmentOf(data);
  if (id === null || !isUnused(id)) return;
  const ipcrm = runCommand('ipcrm', ['-m', String(id)], user, AbortSignal.timeout(5_000));
  await ipcrm.catch(() => {});
}

function segmentOf(data: string): number | null {
  try {
    // Whatever the trainee has put in its place: a link is not followed, and a pipe not waited for.
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
    const file = openSync(join(data, 'postmaster.pid'), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      if (!fstatSync(file).isFile()) return null;
      const buffer = Buffer.alloc(1_000);
      const text = buffer.toString('latin1', 0, readSync(file, buffer));
      const [, id] = (text.split('\n')[6] ?? '').trim().split(/\s+/);
      return id === undefined || !/^\d{1,10}$/.test(id) ? null : Number(id);
    } finally {
      closeSync(file);
    }
  } catch {
    return null;
  }
}

function isUnused(id: number): boolean {
  try {
    const rows = readFileSync('/proc/sysvipc/shm', 'utf8').split('\n').slice(1);
    const mine = rows.map((row) => row.trim().split(/\s+/)).find((fields) => fields[1] === String(id));
    return mine?.[6] === '0';
  } catch {
    return false;
  }
}
