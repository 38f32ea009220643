/** Programs in containers that are watched to their end, or until a terminal has begun, whoever runs them. */
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from '../../lab/errors.ts';
import type { ExecLimits, ExecResult } from '../../lab/ports.ts';
import { createCapped } from './capped.ts';
import { endingOf, watchedCommand } from './exec-script.ts';
import { takeFirstLine } from './first-line.ts';
import { orAborted } from './or-aborted.ts';

/** How long one that is being ended is waited for, or for its number. */
export const endsWithinMs = 2_000;

export interface WatchedProgram {
  /** Destroyed when it does not end although it should. */
  readonly stream: Duplex;
  readonly closed: Promise<void>;
  /** From now on gives what it prints. */
  read(stdout: (bytes: Buffer) => void, stderr: (bytes: Buffer) => void): void;
  /** Ends it by its number, if that comes. */
  end(pid: Promise<string>): Promise<void>;
  /** Asked for once it has closed by itself; null: not known. */
  exitCode(): Promise<number | null>;
}

/**
 * Starts the command that is made of a program and ends it at its limits, or when the signal does.
 * @returns `began`: false where its number never came, though nobody ended it.
 */
export async function watchProgram(
  program: Parameters<typeof watchedCommand>[0],
  limits: ExecLimits,
  signal: AbortSignal,
  start: (command: string[]) => Promise<WatchedProgram>,
): Promise<{ readonly result: ExecResult; readonly began: boolean }> {
  const [name = ''] = program.argv;
  signal.throwIfAborted();
  if (name === '' || program.argv.some((word) => word.includes('\0'))) {
    const nothing = { signal: null, stdout: '', timedOut: false, truncated: false, durationMs: 0 };
    return { result: { ...nothing, exitCode: 127, stderr: `${name}: not found\n` }, began: true };
  }
  const running = await start(watchedCommand(program));
  const finish = async () => {
    await running.end(pid.found);
    await Promise.race([running.closed, delay(endsWithinMs)]);
    running.stream.destroy();
  };
  let ending: Promise<void> | null = null;
  const end = () => {
    ending ??= finish();
  };
  const [stdout, stderr] = [createCapped(limits.maxBytes, end), createCapped(limits.maxBytes, end)];
  const pid = takeFirstLine(stderr.take);
  let started = performance.now();
  let timedOut = false;
  let began = false;
  const timer = setTimeout(() => {
    timedOut = true;
    end();
  }, limits.timeoutMs);
  // What it takes to start it is not the program's time.
  void pid.found.then(() => {
    began = true;
    started = performance.now();
    timer.refresh();
  });
  running.read(stdout.take, pid.take);
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  try {
    await running.closed;
    const durationMs = performance.now() - started;
    await ending;
    signal.throwIfAborted();
    const ended =
      ending === null ? endingOf(await running.exitCode()) : { exitCode: null, signal: 'SIGKILL' };
    const truncated = stdout.isOver() || stderr.isOver();
    const said = { stdout: stdout.text(), stderr: stderr.text() };
    return {
      result: { ...ended, ...said, timedOut, truncated, durationMs },
      began: began || ending !== null,
    };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
}

/**
 * Waits for the first line of a terminal: what is typed before would be shown before.
 * @param line null: it has ended. Throws LabError `backend_unavailable` then; with no line its stream is destroyed.
 */
export async function terminalBegun(
  stream: Duplex,
  line: Promise<string | null>,
  signal: AbortSignal,
): Promise<void> {
  try {
    if ((await orAborted(line, signal)) !== null) return;
    throw new LabError('backend_unavailable', 'The terminal has ended before it began.');
  } catch (thrown) {
    stream.destroy();
    throw thrown;
  }
}
