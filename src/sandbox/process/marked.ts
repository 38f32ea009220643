import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { identify, type ProcessIdentity } from '../../embedded/process-identity.ts';
import { decodeLabels, type Labels, labelVariable } from '../labels.ts';

export interface Marked {
  readonly labels: Labels;
  readonly process: ProcessIdentity;
}

/** Children of this installation and folder by the mark in their environment, where the system shows it. */
export function findMarked(installationId: string, root: string): readonly Marked[] {
  if (!existsSync('/proc/self/environ')) return [];
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const environment = readFileSync(`/proc/${entry}/environ`, 'utf8');
      const at = environment.indexOf(`${labelVariable}=`);
      if (at === -1) return [];
      const line = environment.slice(at + labelVariable.length + 1).split('\0', 1)[0] ?? '';
      const labels = decodeLabels(line);
      const process = identify(Number(entry));
      if (process === null || labels?.installationId !== installationId) return [];
      // A program that the child has started has the mark too; the child itself leads its group.
      const isChild = groupOf(process.pid) === process.pid && logsBeneath(root, process.pid);
      return isChild ? [{ labels, process }] : [];
    } catch {
      return [];
    }
  });
}

/**
 * Whether this process writes its log somewhere in the folder. A copy of a data folder has the same installation and
 * the same sandboxes, and only this tells its children from those of the other. True where the system does not say.
 */
export function logsBeneath(root: string, pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/fd/1`).startsWith(`${realpathSync(root)}/`);
  } catch {
    return true;
  }
}

function groupOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
}
