/** Programs in pods that run: to their end, on a terminal, or as a byte stream. */
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from '../../../lab/errors.ts';
import type { Log } from '../../../lab/log.ts';
import { endCommand, endingOf, hangUpCommand, terminalCommand } from '../../containers/exec-script.ts';
import type { Containers } from '../../containers/types.ts';
import { endsWithinMs, terminalBegun, watchProgram } from '../../containers/watch-program.ts';
import type { PodExec, PodProgram } from '../types.ts';
import { placeOf } from './found-pod.ts';
import { mainContainer } from './pod-objects.ts';

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
      const { result } = await watchProgram(program, limits, signal, async (command) => {
        const { stream, onError, exitCode } = await exec.open(at(id), command, { stdin: false }, signal);
        return {
          stream,
          closed: closeOf(stream),
          read(stdout, stderr) {
            onError(stderr);
            stream.on('data', stdout);
          },
          end: (pid) => endBy(id, pid, endCommand),
          async exitCode() {
            const code = await exitCode;
            if (code === null) throw cutOff(stream);
            return code;
          },
        };
      });
      return result;
    },
    async terminal(id, { argv, env, cwd }, size, signal) {
      const command = terminalCommand({ argv, env, cwd });
      const running = await exec.open(at(id), command, { stdin: true, tty: size }, signal);
      const { stream } = running;
      const pid = readFirstLine(stream);
      await terminalBegun(stream, pid, signal);
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
