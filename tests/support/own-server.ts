/** What a lab's own server is made of on this machine. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { SandboxPlan } from '../../src/lab/ports.ts';
import { sandboxFolder, workspaceFolder } from '../../src/sandbox/naming.ts';
import type { TestDriver } from './process-driver.ts';

export function dataFolder({ dataDir }: TestDriver, plan: SandboxPlan, component = 'database'): string {
  const generation = plan.components[component]?.generation ?? 1;
  const folder = join(dataDir, 'sandboxes', sandboxFolder(plan.sandboxId));
  return join(folder, workspaceFolder({ component, generation }), 'data');
}

/** Pids of all that work in this folder and have not ended. */
export function processesIn(folder: string): readonly number[] {
  return readdirSync('/proc').flatMap((entry) => {
    try {
      return readlinkSync(`/proc/${entry}/cwd`).startsWith(folder) ? [Number(entry)] : [];
    } catch {
      return [];
    }
  });
}

/** Number of the shared memory segment that a server on this folder has said is its own. */
export function segmentOf(data: string): string {
  const line = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[6] ?? '';
  return line.trim().split(/\s+/)[1] ?? '';
}

/** Numbers of all shared memory segments of this machine. */
export function sharedMemory(): readonly string[] {
  const rows = readFileSync('/proc/sysvipc/shm', 'utf8').split('\n').slice(1);
  return rows.flatMap((row) => row.trim().split(/\s+/)[1] ?? []);
}

export function postmasterOf(data: string): number {
  return Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
}
