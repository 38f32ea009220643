/** Terminals in workspaces: a shell as the lab's user, on a pseudo-terminal that a keeper of its own holds. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { LabError } from '../../lab/errors.ts';
import type { Terminal, TerminalSize } from '../../lab/ports.ts';
import type { ResourceRef } from '../naming.ts';
import { bytesFd, type FromKeeper, type ShellSpec, type ToKeeper } from './pty/words.ts';
import { locate } from './run-program.ts';

export interface Terminals {
  /** Throws LabError `bad_request` where node-pty has no binary for this machine, `backend_unavailable`. */
  open(ref: ResourceRef, shell: Shell, size: TerminalSize, signal: AbortSignal): Promise<Terminal>;
  /** Ends those of these workspaces, with all that was started on them. */
  end(chosen: (ref: ResourceRef) => boolean): Promise<void>;
}

/** Who the shell is, and where. */
export interface Shell extends Pick<ShellSpec, 'cwd' | 'env' | 'user'> {
  /** Folders where a shell is looked for. */
  readonly path: readonly string[];
}

interface Open {
  readonly ref: ResourceRef;
  readonly keeper: ChildProcess;
  /** Of the shell, which leads its session. */
  readonly pid: number;
  readonly stream: Socket;
  readonly ended: Promise<number | null>;
}

const keeperProgram = fileURLToPath(new URL('./pty/main.ts', import.meta.url));
const endWithinMs = 3_000;

/** @param node runs the keepers. */
export function createTerminals(node: string): Terminals {
  const open = new Set<Open>();

  return {
    async open(ref, { cwd, path, env, user }, size, signal) {
      signal.throwIfAborted();
      if (!existsSync(cwd)) {
        throw new LabError('backend_unavailable', `Component "${ref.component}" does not run.`);
      }
      const bash = locate('bash', cwd, path);
      const file = bash ?? locate('sh', cwd, path);
      if (file === null) throw new LabError('bad_request', 'A terminal needs bash or sh on this machine.');
      const keeper = spawn(node, ['--no-warnings', keeperProgram], {
        cwd: '/',
        env: {},
        stdio: ['ignore', 'ignore', 'ignore', 'ipc', 'pipe'],
      });
      const stop = () => keeper.kill('SIGKILL');
      signal.addEventListener('abort', stop, { once: true });
      try {
        const ended = endOf(keeper);
        const pid = await started(keeper, { file, args: bash === null ? ['-i'] : [], cwd, env, size, user });
        const stream = keeper.stdio[bytesFd] as Socket;
        // A keeper that was killed resets it; whoever reads is told by its end.
        stream.on('error', () => stream.destroy());
        stream.once('close', () => {
          tell(keeper, { hangUp: true });
          void within(ended, endWithinMs, stop);
        });
        const one: Open = { ref, keeper, pid, stream, ended };
        open.add(one);
        void ended.then(() => open.delete(one));
        return { stream, ended, resize: (next) => resize(keeper, next) };
      } catch (thrown) {
        stop();
        signal.throwIfAborted();
        throw thrown;
      } finally {
        signal.removeEventListener('abort', stop);
      }
    },
    async end(chosen) {
      const found = [...open].filter(({ ref }) => chosen(ref));
      for (const { pid, stream } of found) {
        for (const member of sessionOf(pid)) kill(member);
        stream.destroy();
      }
      await Promise.all(found.map(({ ended }) => ended));
    },
  };
}

function started(keeper: ChildProcess, start: ShellSpec): Promise<number> {
  return new Promise((resolve, reject) => {
    keeper.on('message', (word: FromKeeper) => {
      if ('started' in word) resolve(word.started);
      if ('failed' in word) reject(cannot(word.failed));
    });
    keeper.once('error', (cause) => reject(cannot(cause.message)));
    keeper.once('exit', () => reject(cannot('its keeper ended')));
    tell(keeper, { start });
  });
}

function cannot(why: string): LabError {
  const [first = ''] = why.split('\n');
  return new LabError('bad_request', `There can be no terminals on this machine: ${first}.`);
}

function endOf(keeper: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    keeper.on('message', (word: FromKeeper) => {
      if ('ended' in word) resolve(word.ended.code);
    });
    keeper.once('exit', () => resolve(null));
    keeper.once('error', () => resolve(null));
  });
}

async function resize(keeper: ChildProcess, { cols, rows }: TerminalSize): Promise<void> {
  tell(keeper, { resize: { cols, rows } });
}

function tell(keeper: ChildProcess, word: ToKeeper): void {
  // One that has just ended is told nothing more.
  if (keeper.connected) keeper.send(word, () => undefined);
}

/** Processes of the session that this process leads; none where the system does not show sessions. */
function sessionOf(leader: number): readonly number[] {
  if (!existsSync('/proc/self/stat')) return [leader];
  return readdirSync('/proc').flatMap((entry) => {
    try {
      const stat = /^\d+$/.test(entry) ? readFileSync(`/proc/${entry}/stat`, 'latin1') : '';
      // After the name, which may hold anything: state, parent, group, session.
      const session = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3];
      return session === String(leader) ? [Number(entry)] : [];
    } catch {
      return [];
    }
  });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Ended since.
  }
}

async function within(work: Promise<unknown>, ms: number, late: () => void): Promise<void> {
  const timer = setTimeout(late, ms);
  await work.finally(() => clearTimeout(timer));
}
