/**
 * Keeps one pseudo-terminal and the shell on it, in a process of its own. node-pty's side of a terminal is inherited by
 * every program that its process starts afterwards, and a write to one that nobody reads stands still until somebody
 * does: neither may happen to a server.
 */
import { write } from 'node:fs';
import { Socket } from 'node:net';
import type { IPty } from '@lydell/node-pty';
import { bytesFd, type FromKeeper, type ShellSpec, type ToKeeper } from './words.ts';

/** Of what is shown, held here at most while nobody reads. */
const mostHeld = 65_536;
/** Tries to write to a terminal whose programs do not read just now. */
const retryMs = 10;
/** A shell that does not mind being hung up is killed. */
const hangUpMs = 1_000;

const say = (word: FromKeeper, then: () => void = () => {}) => {
  if (process.connected) process.send?.(word, then);
  else then();
};

async function start(spec: ShellSpec): Promise<void> {
  const { spawn } = await import('@lydell/node-pty');
  // Everything that needs rights has been read by now.
  if (spec.user !== null) {
    process.setgroups?.([spec.user.gid]);
    process.setgid?.(spec.user.gid);
    process.setuid?.(spec.user.uid);
  }
  const { file, args, cwd, env, size } = spec;
  const pty = spawn(file, [...args], {
    cwd,
    env: { ...env },
    name: env.TERM ?? 'dumb',
    ...size,
    encoding: null,
  });
  const bytes = new Socket({ fd: bytesFd, allowHalfOpen: true });
  bytes.on('error', () => bytes.destroy());
  show(pty, bytes);
  type(pty, bytes);
  process.on('message', (word: ToKeeper) => {
    if ('resize' in word) pty.resize(word.resize.cols, word.resize.rows);
    if ('hangUp' in word) hangUp(pty);
  });
  process.once('disconnect', () => hangUp(pty));
  pty.onExit(({ exitCode, signal }) => {
    // node-pty says 0 where there was none.
    const code = signal === undefined || signal === 0 ? exitCode : null;
    const leave = () => say({ ended: { code } }, () => process.exit());
    if (bytes.destroyed) leave();
    // Whether somebody reads the rest or goes away.
    else bytes.once('close', leave).end();
  });
  say({ started: pty.pid });
}

/** From the terminal to whoever sits before it. */
function show(pty: IPty, bytes: Socket): void {
  let watch: NodeJS.Timeout | null = null;
  const goOn = () => {
    if (watch !== null) clearInterval(watch);
    watch = null;
    pty.resume();
  };
  // Bytes, for `encoding` is null.
  pty.onData((data: string | Buffer) => {
    if (bytes.writable) bytes.write(data);
    if (bytes.writableLength < mostHeld || watch !== null) return;
    pty.pause();
    // node-pty drops what was not read 200 ms after the shell's end: then all is taken at once, which is little.
    watch = setInterval(() => {
      if (!isRunning(pty.pid)) pty.resume();
    }, retryMs * 5);
  });
  bytes.on('drain', goOn);
}

/** From whoever sits before it to the terminal, as fast as that takes it. */
function type(pty: IPty, bytes: Socket): void {
  const { fd } = pty as IPty & { readonly fd: number };
  const put = (data: Buffer) => {
    write(fd, data, (error, written) => {
      const left = data.subarray(error === null ? written : 0);
      if (error !== null && error.code !== 'EAGAIN') return;
      if (left.byteLength === 0) bytes.resume();
      else setTimeout(put, retryMs, left);
    });
  };
  bytes.on('data', (data: Buffer) => {
    bytes.pause();
    put(data);
  });
}

function hangUp(pty: IPty): void {
  pty.kill('SIGHUP');
  setTimeout(() => {
    pty.kill('SIGKILL');
    process.exit();
  }, hangUpMs);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

process.once('message', (word: ToKeeper) => {
  if (!('start' in word)) return;
  start(word.start).catch((thrown: unknown) => {
    say({ failed: thrown instanceof Error ? thrown.message : String(thrown) }, () => process.exit(1));
  });
});
