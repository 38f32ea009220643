/** The supervisor's programs, run in its container. */
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { LabError } from '../../../lab/errors.ts';
import { orAborted } from '../../containers/or-aborted.ts';
import { notRunning } from '../exec/open-socket.ts';
import type { PodExec } from '../types.ts';
import { placeOf } from './found-pod.ts';
import { mainContainer } from './pod-objects.ts';
import { steered } from './supervisor.ts';

/**
 * Throws LabError `timed_out` when a program does not end, `backend_unavailable` when the container does not run.
 * @param input what the program reads.
 */
export type Steer = (
  id: string,
  argv: readonly string[],
  signal: AbortSignal,
  input?: Readable,
) => Promise<void>;

const saidBytes = 1_000;

export function createSteer(exec: PodExec): Steer {
  return async (id, argv, signal, input) => {
    const at = { ...placeOf(id), container: mainContainer };
    const program = await exec.open(at, argv, { stdin: input !== undefined }, signal);
    const { stream } = program;
    let said = '';
    program.onError((bytes) => {
      said = (said + bytes.toString('utf8')).slice(0, saidBytes);
    });
    stream.resume();
    try {
      // It may end before it has read all.
      const sent = input === undefined ? null : pipeline(input, stream, { end: true, signal }).catch(String);
      const code = await orAborted(program.exitCode, signal);
      if (sent !== null && code !== 0) said ||= (await Promise.race([sent, null])) ?? '';
      if (code === steered.done) return;
      if (code === steered.late) throw new LabError('timed_out', 'It did not end in time.');
      if (code !== null) throw new LabError('backend_unavailable', `It could not be steered: ${said.trim()}`);
      throw stream.errored instanceof LabError ? stream.errored : notRunning();
    } finally {
      stream.destroy();
    }
  };
}
