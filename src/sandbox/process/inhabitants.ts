import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import {
  identify,
  type ProcessIdentity,
  signalProcess,
  waitForEnd,
} from '../../embedded/process-identity.ts';
import { labelVariable } from '../labels.ts';

/**
 * Every process that works in this folder: what a trainee's program has left behind after leaving its process group.
 * None where the system does not show where processes work.
 */
export function inhabitantsOf(folder: string): readonly ProcessIdentity[] {
  if (!existsSync('/proc/self/cwd')) return [];
  return readdirSync('/proc').flatMap((entry) => {
    try {
      const cwd = /^\d+$/.test(entry) ? readlinkSync(`/proc/${entry}/cwd`) : '';
      const process = cwd === folder || cwd.startsWith(`${folder}/`) ? identify(Number(entry)) : null;
      return process === null ? [] : [process];
    } catch {
      // Ended since, or somebody else's.
      return [];
    }
  });
}

/** Ends every process that works in this folder. */
export async function endInhabitants(folder: string): Promise<void> {
  const found = inhabitantsOf(folder);
  for (const process of found) signalProcess(process, 'SIGKILL');
  await Promise.all(found.map((process) => waitForEnd(process, 2_000)));
}

/** Signals the processes that work in this folder and are no component's program; gives them. */
export function signalInhabitants(folder: string, signal: NodeJS.Signals): readonly ProcessIdentity[] {
  const found = inhabitantsOf(folder).filter((process) => !isProgram(process));
  for (const process of found) signalProcess(process, signal);
  return found;
}

function isProgram({ pid }: ProcessIdentity): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`${labelVariable}=`);
  } catch {
    return true;
  }
}
