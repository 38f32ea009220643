/**
 * Copying the data folder of a server that may run. All its processes are stopped for as long as the copy takes and
 * then go on; no session ends. What the copy holds is what a server killed in that moment would have left: everything
 * that was committed, and PostgreSQL recovers it as it would after that. A backup by SQL would need an account, which
 * a trainee who is superuser can take from us.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { OsUser } from '../../../embedded/os-user.ts';
import { type ProcessIdentity, signalProcess } from '../../../embedded/process-identity.ts';
import { LabError } from '../../../lab/errors.ts';
import { runCommand } from './run-command.ts';
import { processesOf } from './server-processes.ts';

const stopWithinMs = 5_000;

/**
 * @param to holds a folder of the user for each part; they are of no use when this throws.
 * @param isSame whether the same server, or none, runs on the folder as when this was called.
 * Throws LabError `start_failed` when the server cannot be stopped or was started meanwhile.
 */
export async function copyFrozen(
  from: { readonly folder: string; readonly parts: readonly string[] },
  to: string,
  user: OsUser | null,
  isSame: () => boolean,
  signal: AbortSignal,
): Promise<void> {
  const guardian = startGuardian();
  try {
    await freeze(join(from.folder, from.parts[0] ?? ''), guardian, signal);
    for (const part of from.parts) {
      // As the one whose files they are: whatever links lead to, nothing is read that they could not read themselves.
      await runCommand('cp', ['-a', `${join(from.folder, part)}/.`, join(to, part)], user, signal);
    }
    if (!isSame()) throw new LabError('start_failed', 'The server was started while it was copied.');
  } finally {
    guardian.release();
  }
}

interface Guardian {
  /** The process goes on when all is done, also should this program be killed before. */
  stop(process: ProcessIdentity): void;
  release(): void;
}

/** A small program that waits until its input ends, which it does when we end, however we do. */
function startGuardian(): Guardian {
  const script = 'while read -r pid; do pids="$pids $pid"; done; kill -CONT $pids';
  const child: ChildProcess = spawn('/bin/sh', ['-c', script], {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  child.on('error', () => {});
  child.stdin?.on('error', () => {});
  const stopped: ProcessIdentity[] = [];
  return {
    stop(process) {
      stopped.push(process);
      child.stdin?.write(`${process.pid}\n`);
      signalProcess(process, 'SIGSTOP');
    },
    release() {
      // The latest first: the postmaster, which begins new ones, goes on last.
      for (const process of stopped.reverse()) signalProcess(process, 'SIGCONT');
      child.stdin?.end();
    },
  };
}

/** Stops all processes of the server, those too that are begun meanwhile. */
async function freeze(data: string, guardian: Guardian, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + stopWithinMs;
  const asked = new Set<number>();
  for (;;) {
    const running = processesOf(data).filter(({ pid }) => !isStopped(pid));
    if (running.length === 0) return;
    signal.throwIfAborted();
    if (performance.now() > deadline)
      throw new LabError('start_failed', 'The server could not be held still.');
    // The postmaster has the lowest number as a rule, and begins no more sessions when it is stopped first.
    for (const process of [...running].sort((a, b) => a.pid - b.pid)) {
      if (!asked.has(process.pid)) guardian.stop(process);
      asked.add(process.pid);
    }
    await delay(1);
  }
}

/** One that stands still already, as a fault may want it to, is left so. */
function isStopped(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return /^[TtZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return true;
  }
}
