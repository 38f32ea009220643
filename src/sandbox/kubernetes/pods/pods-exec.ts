/** Programs in pods that run: to their end, on a terminal, or as a byte stream. */
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from '../../../lab/errors.ts';
import type { Log } from '../../../lab/log.ts';
import { createCapped } from '../../containers/capped.ts';
import {
  endCommand,
  endingOf,
  hangUpCommand,
  terminalCommand,
  watchedCommand,
} from '../../containers/exec-script.ts';
import { takeFirstLine } from '../../containers/first-line.ts';
import { orAborted } from '../../containers/or-aborted.ts';
import type { Containers } from '../../containers/types.ts';
import type { PodExec, PodProgram } from '../types.ts';
import { placeOf } from './found-pod.ts';
import { mainContainer } from './pod-objects.ts';

/** How long one that is being ended is waited for, or for its number. */
const endsWithinMs = 2_000;
/** For what we ask of a pod on our own. */
const ownWithinMs = 10_000;

export function createPodsExec(exec: PodExec, log: Log): Pick<Containers, 'exec' | 'terminal' | 'pipe'> {
  const at = (id: string) => ({ ...placeOf(id), container: mainContainer });

  /** Runs something of ours that ends what is known by the number in the first line, if that came. */
  async function endBy(id: string, line: Promise<string>, command: (pid: number) => string[]): Promise<void> {
    const pid = Number(await Promise.race([line, delay(endsWithinMs, '', { ref: false })]));
    if (!Number.isInteger(pid) || pid <= 1) return;
    try {
      const signal = AbortSignal.timeout(ownWithinMs);
      const program = await exec.open(at(id), command(pid), { stdin: false }, signal);
      program.stream.resume();
      await Promise.race([program.exitCode, delay(ownWithinMs, null, { ref: false })]);
      program.stream.destroy();
    } catch {
      // The pod is gone, and what was to be ended with it.
    }
  }

  return {
    async exec(id, program, limits, signal) {
      const { argv, env, cwd } = program;
      signal.throwIfAborted();
      if (!argv[0] || argv.some((word) => word.includes('\0'))) {
        const nothing = { signal: null, stdout: '', timedOut: false, truncated: false, durationMs: 0 };
        return { ...nothing, exitCode: 127, stderr: `${argv[0] ?? ''}: not found\n` };
      }
      const running = await exec.open(at(id), watchedCommand({ argv, env, cwd }), { stdin: false }, signal);
      const { stream } = running;
      const closed = closeOf(stream);
      const finish = async () => {
        await endBy(id, pid.found, endCommand);
        await Promise.race([closed, delay(endsWithinMs)]);
        stream.destroy();
      };
      let ending: Promise<void> | null = null;
      const end = () => {
        ending ??= finish();
      };
      const [stdout, stderr] = [createCapped(limits.maxBytes, end), createCapped(limits.maxBytes, end)];
      const pid = takeFirstLine(stderr.take);
      let started = performance.now();
      let timedOut = false;
      const timer = setTimeout(() => {
        timedOut = true;
        end();
      }, limits.timeoutMs);
      // The cluster's own time is not the program's.
      void pid.found.then(() => {
        started = performance.now();
        timer.refresh();
      });
      running.onError(pid.take);
      stream.on('data', stdout.take);
      signal.addEventListener('abort', end, { once: true });
      if (signal.aborted) end();
      try {
        await closed;
        const durationMs = performance.now() - started;
        await ending;
        signal.throwIfAborted();
        const code = ending === null ? await running.exitCode : null;
        if (ending === null && code === null) throw cutOff(stream);
        const ended = ending === null ? endingOf(code) : { exitCode: null, signal: 'SIGKILL' };
        const truncated = stdout.isOver() || stderr.isOver();
        const said = { stdout: stdout.text(), stderr: stderr.text() };
        return { ...ended, ...said, timedOut, truncated, durationMs };
      } finally {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
      }
    },
    async terminal(id, { argv, env, cwd }, size, signal) {
      const command = terminalCommand({ argv, env, cwd });
      const running = await exec.open(at(id), command, { stdin: true, tty: size }, signal);
      const { stream } = running;
      // What is typed before would be shown before.
      const pid = readFirstLine(stream);
      if ((await orAborted(pid, signal).catch((thrown) => giveUp(stream, thrown))) === null) {
        stream.destroy();
        throw new LabError('backend_unavailable', 'The terminal has ended before it began.');
      }
      // The cluster lets a shell run on that nobody looks at any more.
      const ended = running.exitCode.then(async (code) => {
        if (code === null) await endBy(id, pid.then(String), hangUpCommand);
        return endingOf(code).exitCode;
      });
      running.resize(size.cols, size.rows);
      const resize = async ({ cols, rows }: typeof size): Promise<void> => running.resize(cols, rows);
      return { stream, resize, ended };
    },
    async pipe(id, argv, signal) {
      const running = await exec.open(at(id), argv, { stdin: true }, signal);
      tellErrors(running, id, log);
      return running.stream;
    },
  };
}

export function tellErrors(program: PodProgram, id: string, log: Log): void {
  program.onError((bytes) => {
    const said = bytes.toString('utf8').slice(0, 2_000);
    log.debug({ backend: 'kubernetes', container: id, said }, 'A program in a container spoke.');
  });
}

function cutOff(stream: Duplex): Error {
  if (stream.errored instanceof LabError) return stream.errored;
  return new LabError('backend_unavailable', 'Its pod ended, or the cluster broke off.');
}

function giveUp(stream: Duplex, thrown: unknown): never {
  stream.destroy();
  throw thrown;
}

function closeOf(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    if (stream.closed) resolve();
    else stream.once('close', () => resolve());
  });
}

/** The rest is left to be read; null: it has ended before. */
function readFirstLine(stream: Duplex): Promise<string | null> {
  return new Promise((resolve) => {
    let line = Buffer.alloc(0);
    const settle = (found: string | null) => {
      stream.off('readable', take).off('end', end).off('close', end);
      resolve(found);
    };
    const end = () => settle(null);
    const take = (): void => {
      for (let at = -1; at < 0; ) {
        const bytes = stream.read() as Buffer | null;
        if (bytes === null) return;
        line = Buffer.concat([line, bytes]);
        at = line.indexOf('\n');
        if (at < 0) continue;
        settle(line.toString('utf8', 0, at).trim());
        if (at + 1 < line.byteLength) stream.unshift(line.subarray(at + 1));
      }
    };
    stream.on('readable', take).once('end', end).once('close', end);
  });
}
