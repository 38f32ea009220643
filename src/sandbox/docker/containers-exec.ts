/** Programs in containers that run: to their end, on a terminal, or as a byte stream. */
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from '../../lab/errors.ts';
import type { Log } from '../../lab/log.ts';
import { endCommand, endingOf, hangUpCommand, terminalCommand } from '../containers/exec-script.ts';
import { takeFirstLine } from '../containers/first-line.ts';
import { type Containers, labUser } from '../containers/types.ts';
import {
  endsWithinMs,
  terminalBegun,
  type WatchedProgram,
  watchProgram,
} from '../containers/watch-program.ts';
import type { Engine } from './engine.ts';
import { engineStatus } from './engine-errors.ts';
import { execStream } from './exec-stream.ts';
import { createFrames } from './log-frames.ts';

/** A busy engine may fail to start one; what never began can be tried again. */
const mostTries = 3;
/** For what we ask of the engine on our own. */
const ownWithinMs = 10_000;

export function createExec(engine: Engine, log: Log): Pick<Containers, 'exec' | 'terminal' | 'pipe'> {
  /** Its socket is not read before someone listens. */
  async function begin(
    container: string,
    command: { argv: readonly string[]; tty?: boolean; stdin?: boolean },
    signal: AbortSignal,
  ): Promise<{ readonly id: string; readonly socket: Duplex }> {
    const { argv, tty = false, stdin = false } = command;
    try {
      return await engine.ask(
        'run a program in a container',
        async (docker, abortSignal) => {
          const exec = await docker.getContainer(container).exec({
            ...{ Cmd: [...argv], User: labUser, WorkingDir: '/', Tty: tty, abortSignal },
            ...{ AttachStdin: stdin, AttachStdout: true, AttachStderr: !tty },
          });
          const socket = await exec.start({ hijack: true, stdin, Tty: tty, abortSignal });
          // Its end is looked at, not why.
          socket.on('error', () => {});
          return { id: exec.id, socket };
        },
        signal,
      );
    } catch (thrown) {
      const status = engineStatus(thrown);
      if (status !== 404 && status !== 409) throw thrown;
      throw new LabError('backend_unavailable', 'It does not run at the moment.', { cause: thrown });
    }
  }

  /** Null: not known, because it and its container are gone. */
  async function exitCode(execId: string): Promise<number | null> {
    const signal = AbortSignal.timeout(ownWithinMs);
    try {
      for (;;) {
        const info = await engine.ask(
          'see how a program ended',
          (docker, abortSignal) => docker.getExec(execId).inspect({ abortSignal }),
          signal,
        );
        if (!info.Running) return info.ExitCode;
        await delay(20);
      }
    } catch {
      return null;
    }
  }

  /** Runs something of ours that ends what is known by the number in the first line, if that came. */
  async function endBy(
    container: string,
    line: Promise<string>,
    command: (pid: number) => string[],
  ): Promise<void> {
    const pid = Number(await Promise.race([line, delay(endsWithinMs, '')]));
    if (!Number.isInteger(pid) || pid <= 1) return;
    try {
      const { socket } = await begin(container, { argv: command(pid) }, AbortSignal.timeout(ownWithinMs));
      socket.resume();
      await Promise.race([closeOf(socket), delay(ownWithinMs)]);
    } catch {
      // The container is gone or held, and what was to be ended with it.
    }
  }

  return {
    async exec(container, program, limits, signal) {
      const start = async (argv: string[]): Promise<WatchedProgram> => {
        const { id, socket } = await begin(container, { argv }, signal);
        return {
          stream: socket,
          closed: closeOf(socket),
          read(stdout, stderr) {
            const take = createFrames((output, bytes) =>
              output === 'stdout' ? stdout(bytes) : stderr(bytes),
            );
            socket.on('data', take);
          },
          end: (pid) => endBy(container, pid, endCommand),
          exitCode: () => exitCode(id),
        };
      };
      for (let tries = 1; ; tries++) {
        // The engine may fail to start it, which is seen by its number that never came.
        const { result, began } = await watchProgram(program, limits, signal, start);
        if (began || tries === mostTries) return result;
        log.warn({ container, said: result.stdout.slice(0, 500) }, 'the engine could not start a program');
        await delay(tries * 200, undefined, { signal });
      }
    },
    async terminal(container, { argv, env, cwd }, size, signal) {
      const command = { argv: terminalCommand({ argv, env, cwd }), tty: true, stdin: true };
      const { id, socket } = await begin(container, command, signal);
      const closed = closeOf(socket);
      const { promise: pid, resolve: foundPid } = Promise.withResolvers<string>();
      const stream = execStream(socket, (push) => {
        const first = takeFirstLine(push);
        void first.found.then(foundPid);
        return first.take;
      });
      await terminalBegun(stream, Promise.race([pid, closed.then(() => null)]), signal);
      const resize = async ({ cols, rows }: typeof size): Promise<void> => {
        await engine.ask(
          'resize a terminal',
          (docker, abortSignal) => docker.getExec(id).resize({ w: cols, h: rows, abortSignal }),
          AbortSignal.timeout(ownWithinMs),
        );
      };
      // The engine lets a shell run on that nobody looks at any more.
      const ended = closed.then(async () => {
        if (!socket.readableEnded) await endBy(container, pid, hangUpCommand);
        return endingOf(await exitCode(id)).exitCode;
      });
      await resize(size).catch(() => {});
      return { stream, resize, ended };
    },
    async pipe(container, argv, signal) {
      const { socket } = await begin(container, { argv, stdin: true }, signal);
      return execStream(socket, (push) =>
        createFrames((output, bytes) => {
          if (output === 'stdout') return push(bytes);
          const said = bytes.toString('utf8').slice(0, 2_000);
          log.debug({ backend: 'docker', container, said }, 'A program in a container spoke.');
        }),
      );
    },
  };
}

/** For a socket whose end is the end of all. */
function closeOf(socket: Duplex): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => resolve());
    socket.once('end', () => socket.destroy());
  });
}
