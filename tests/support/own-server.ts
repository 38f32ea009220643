/** What a lab's own server is made of on this machine. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { findPostgresBinaries } from '../../src/embedded/binaries.ts';
import type { SandboxPlan } from '../../src/lab/ports.ts';
import { sandboxFolder, workspaceFolder } from '../../src/sandbox/naming.ts';
import type { OwnServers } from '../contracts/database-subject.ts';
import { startTestDriver, type TestDriver } from './process-driver.ts';

/** The process backend, whose labs have servers of their own where they need them. */
export async function startOwnServers(): Promise<OwnServers> {
  const test = await startTestDriver();
  const bin = join(findPostgresBinaries().root, 'bin');
  return {
    driver: test.driver,
    another: test.another,
    count: test.count,
    stop: test.stop,
    home: (plan, component) => dirname(dataFolder(test, plan, component)),
    crash: (plan, component) => void process.kill(postmasterOf(dataFolder(test, plan, component)), 'SIGKILL'),
    async inside(sandboxId, component, script) {
      const folder = join(test.dataDir, 'sandboxes', sandboxFolder(sandboxId));
      const cwd = join(folder, workspaceFolder({ component, generation: 1 }));
      const { uid, gid } = statSync(join(cwd, 'data'));
      const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
      const { stdout } = await promisify(execFile)('sh', ['-c', script], { cwd, uid, gid, env });
      return stdout;
    },
  };
}

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
