/**
 * The long-lived child processes of sandboxes. Each is its own process group and session, so Ctrl-C reaches only
 * Labwright, which then stops them in order; and one that survives a killed Labwright is known by its record or its
 * mark and adopted.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, closeSync, existsSync, readFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { asUser, type OsUser } from '../../embedded/os-user.ts';
import {
  identify,
  isAlive,
  type ProcessIdentity,
  signalProcess,
  waitForEnd,
} from '../../embedded/process-identity.ts';
import { LabError } from '../../lab/errors.ts';
import type { KillSignal } from '../../lab/ports.ts';
import { encodeLabels, labelVariable } from '../labels.ts';
import type { ResourceRef } from '../naming.ts';
import { adoptChildren } from './adopt-children.ts';
import { capLog, openLog } from './log-file.ts';
import type { ChildRecord, Records, StopSpec } from './records.ts';

/** What one child may keep in memory where its template does not say. RLIMIT_AS is of no use: node reserves more at start. */
const usualMemoryMb = 768;
const watchEveryMs = 2_000;
/** How long a program may take over SIGTERM when it is asked to end as its trainee or grader would ask. */
const termWithinMs = 10_000;
const usualStop: StopSpec = { signal: 'SIGTERM', withinMs: 2_000 };

export interface ChildSpec extends ResourceRef {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly logPath: string;
  readonly cwd: string;
  readonly user: OsUser | null;
  /** Over it the child is ended; null: what is usual. */
  readonly memoryMb: number | null;
  /** Absent: SIGTERM, and a moment. */
  readonly stop?: StopSpec;
}

export interface Children {
  /** What cannot be started at all says so in its log, as if it had ended at once. */
  start(spec: ChildSpec): void;
  /** The child of a component that is alive, with its generation. */
  find(sandboxId: string, component: string): (ProcessIdentity & { readonly generation: number }) | null;
  /** Ends the child of a component, or all of a sandbox, and returns when they have ended. */
  stop(sandboxId: string, component?: string): Promise<void>;
  /**
   * Signals a child's whole group; KILL and TERM return when it has ended, and are no trouble. Nothing when there is none.
   * Throws LabError `timed_out` when it does not end of TERM.
   */
  kill(sandboxId: string, component: string, signal: KillSignal, abort: AbortSignal): Promise<void>;
  /** Called when a child ended by itself. */
  onEnd(handler: (sandboxId: string) => void): void;
  /** Ends all children. */
  close(): Promise<void>;
}

export function createChildren(records: Records, installationId: string): Children {
  const handlers = new Set<(sandboxId: string) => void>();
  const logs = new Map<number, string>();
  // Children that we end ourselves are no trouble.
  const expected = new Set<number>();
  adoptChildren(records, installationId);

  const watch = setInterval(() => {
    for (const { sandboxId, children } of records.all()) {
      for (const [component, child] of Object.entries(children)) {
        if (isAlive(child)) {
          const log = logs.get(child.pid) ?? `${records.folder(sandboxId)}/${component}.log`;
          capLog(log);
          const mostMb = child.memoryMb ?? usualMemoryMb;
          if (rssOf(child.pid) > mostMb * 1024 * 1024) {
            say(log, `ended: it took more than ${mostMb} MB of memory`);
            signalProcess(child, 'SIGKILL', { group: true });
          }
        } else forget(sandboxId, component, child);
      }
    }
  }, watchEveryMs);
  watch.unref();

  function forget(sandboxId: string, component: string, child: ProcessIdentity): void {
    logs.delete(child.pid);
    const known = records.get(sandboxId)?.children[component];
    if (known?.pid !== child.pid || known.startedAt !== child.startedAt) return;
    records.update(sandboxId, ({ children }) => {
      const { [component]: _, ...others } = children;
      return { children: others };
    });
    if (expected.delete(child.pid)) return;
    for (const handler of handlers) handler(sandboxId);
  }

  async function end(sandboxId: string, component: string, child: ChildRecord): Promise<void> {
    const { signal, withinMs } = child.stop ?? usualStop;
    expected.add(child.pid);
    signalProcess(child, signal, { group: true });
    // One that was stopped must go on to hear of it.
    signalProcess(child, 'SIGCONT', { group: true });
    if (!(await waitForEnd(child, withinMs))) {
      signalProcess(child, 'SIGKILL', { group: true });
      await waitForEnd(child, 5_000);
    }
    forget(sandboxId, component, child);
    expected.delete(child.pid);
  }

  async function stop(sandboxId: string, component?: string): Promise<void> {
    const found = Object.entries(records.get(sandboxId)?.children ?? {});
    const doomed = found.filter(([name]) => component === undefined || name === component);
    await Promise.all(doomed.map(([name, child]) => end(sandboxId, name, child)));
  }

  return {
    start(spec) {
      const { sandboxId, component, generation, memoryMb, stop } = spec;
      const log = openLog(spec.logPath);
      try {
        const mark = encodeLabels({ installationId, sandboxId, component, generation });
        const child = spawn(spec.program, spec.args, {
          ...asUser(spec.user),
          cwd: spec.cwd,
          env: { ...spec.env, [labelVariable]: mark },
          stdio: ['ignore', log, log],
          detached: true,
        });
        const identity = child.pid === undefined ? null : identify(child.pid);
        child.once('error', ({ message }) => say(spec.logPath, message));
        if (identity === null) {
          if (child.pid === undefined && !existsSync(spec.cwd))
            say(spec.logPath, `its folder ${basename(spec.cwd)} is not there`);
          return;
        }
        child.once('exit', () => forget(sandboxId, component, identity));
        child.unref();
        // No await between the start and the record.
        records.update(sandboxId, ({ children }) => ({
          children: {
            ...children,
            [component]: { ...identity, generation, memoryMb, ...(stop && { stop }) },
          },
        }));
        logs.set(identity.pid, spec.logPath);
        lowerPriority(identity.pid);
      } finally {
        closeSync(log);
      }
    },
    find(sandboxId, component) {
      const child = records.get(sandboxId)?.children[component];
      return child !== undefined && isAlive(child) ? child : null;
    },
    stop,
    async kill(sandboxId, component, signal, abort) {
      const child = records.get(sandboxId)?.children[component];
      if (child === undefined) return;
      const ends = signal === 'KILL' || signal === 'TERM';
      if (!isAlive(child)) return;
      if (ends) expected.add(child.pid);
      const asked = signal === 'TERM' ? (child.stop ?? usualStop).signal : (`SIG${signal}` as const);
      signalProcess(child, asked, { group: true });
      if (!ends) return;
      const deadline = performance.now() + termWithinMs;
      try {
        while (isAlive(child)) {
          if (performance.now() > deadline) {
            const seconds = termWithinMs / 1000;
            throw new LabError('timed_out', `${component} did not end of SIG${signal} within ${seconds} s.`);
          }
          await delay(10, undefined, { signal: abort });
        }
        forget(sandboxId, component, child);
      } finally {
        expected.delete(child.pid);
      }
    },
    onEnd: (handler) => void handlers.add(handler),
    async close() {
      clearInterval(watch);
      handlers.clear();
      await Promise.all(records.all().map(({ sandboxId }) => stop(sandboxId)));
    },
  };
}

/** A line of ours in a child's log, for whoever reads why it does not run. */
export function say(logPath: string, text: string): void {
  try {
    appendFileSync(logPath, `labwright: ${text}\n`);
  } catch {
    // The sandbox has just been removed.
  }
}

function rssOf(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]) * 4096;
  } catch {
    return 0;
  }
}

function lowerPriority(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It has ended, or this system does not let us.
  }
}
