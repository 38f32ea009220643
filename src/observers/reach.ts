/**
 * Telling "the trainee's doing" from "we could not": a look that finds nobody there asks once more whether the
 * component can be reached at all, and only when that fails too is it our error.
 */
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SandboxHandle } from '../grading/types.ts';
import { LookFailure } from './look.ts';

const pauseMs = 150;

/** A stream to the component. @throws LookFailure `refused` or `backend_down`. */
export async function dialOrTell(
  sandbox: SandboxHandle,
  component: string,
  signal: AbortSignal,
): Promise<Duplex> {
  try {
    return await sandbox.dial(component, signal);
  } catch (thrown) {
    signal.throwIfAborted();
    throw await unreachable(sandbox, component, thrown, signal);
  }
}

/** The failure of a `dial` that threw: `refused` when a second one gets through, else `backend_down`. */
async function unreachable(
  sandbox: SandboxHandle,
  component: string,
  thrown: unknown,
  signal: AbortSignal,
): Promise<LookFailure> {
  const first = thrown instanceof Error ? thrown.message : String(thrown);
  await sleep(pauseMs, undefined, { signal });
  try {
    (await sandbox.dial(component, signal)).on('error', () => {}).destroy();
  } catch (again) {
    signal.throwIfAborted();
    const internal = `${first}; again: ${again instanceof Error ? again.message : String(again)}`;
    return new LookFailure('backend_down', `${component} could not be reached from our side.`, internal);
  }
  return new LookFailure('refused', `${component} refused the connection.`, first);
}
