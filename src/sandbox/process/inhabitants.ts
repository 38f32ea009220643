import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { identify, signalProcess, waitForEnd } from '../../embedded/process-identity.ts';

/**
 * Ends every process that works in this folder: what a trainee's program has left behind after leaving its process
 * group. Does nothing where the system does not show where processes work.
 */
export async function endInhabitants(folder: string): Promise<void> {
  if (!existsSync('/proc/self/cwd')) return;
  const found = readdirSync('/proc').flatMap((entry) => {
    try {
      const cwd = /^\d+$/.test(entry) ? readlinkSync(`/proc/${entry}/cwd`) : '';
      const process = cwd === folder || cwd.startsWith(`${folder}/`) ? identify(Number(entry)) : null;
      return process === null ? [] : [process];
    } catch {
      // Ended since, or somebody else's.
      return [];
    }
  });
  for (const process of found) signalProcess(process, 'SIGKILL');
  await Promise.all(found.map((process) => waitForEnd(process, 2_000)));
}
