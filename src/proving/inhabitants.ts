/** Processes of sandboxes on this machine, by the mark that each inherits; none where the system does not tell. */
import { readdirSync, readFileSync } from 'node:fs';
import { decodeLabels, labelVariable } from '../sandbox/labels.ts';

export interface Inhabitant {
  readonly pid: number;
  readonly sandboxId: string;
  readonly command: string;
  readonly memoryMb: number;
}

export function inhabitants(): readonly Inhabitant[] {
  return processIds().flatMap((pid) => {
    try {
      const read = (name: string) => readFileSync(`/proc/${pid}/${name}`, 'utf8');
      const mark = read('environ')
        .split('\0')
        .find((line) => line.startsWith(`${labelVariable}=`));
      const labels = mark === undefined ? null : decodeLabels(mark.slice(labelVariable.length + 1));
      if (labels === null) return [];
      const [, kilobytes = '0'] = /^VmRSS:\s+(\d+) kB/m.exec(read('status')) ?? [];
      const command = read('cmdline').split('\0').join(' ').trim();
      return [{ pid, sandboxId: labels.sandboxId, command, memoryMb: Number(kilobytes) / 1024 }];
    } catch {
      // It has ended meanwhile, or it is not ours to read.
      return [];
    }
  });
}

function processIds(): readonly number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}
