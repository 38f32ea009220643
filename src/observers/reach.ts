/**
 * Telling "the trainee's doing" from "we could not": a look that finds nobody there asks once more whether the
 * component can be reached at all, and only when that fails too is it our error. In a namespace what listens is the
 * trainee's, and the cluster itself is asked.
 */
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SandboxHandle } from '../grading/types.ts';
import { LabError } from '../lab/errors.ts';
import { answerOf, clusterAnswers, clusterDown, clusterOf, sentence, told } from './cluster.ts';
import { LookFailure } from './look.ts';
import type { Door } from './service-place.ts';

const pauseMs = 150;

/** @throws what the sandbox's `dial` throws. */
export function dialDoor(
  sandbox: SandboxHandle,
  { component, at }: Door,
  signal: AbortSignal,
): Promise<Duplex> {
  if (at === null) return sandbox.dial(component, signal);
  clusterOf(sandbox);
  return sandbox.dial(component, signal, at);
}

/** A stream to the component. @throws LookFailure `refused`, `missing` or `backend_down`. */
export async function dialOrTell(sandbox: SandboxHandle, door: Door, signal: AbortSignal): Promise<Duplex> {
  try {
    return await dialDoor(sandbox, door, signal);
  } catch (thrown) {
    signal.throwIfAborted();
    throw await unreachable(sandbox, door, thrown, signal);
  }
}

/** The failure of a `dial` that threw: `refused` when a second one gets through, else `backend_down`. */
async function unreachable(
  sandbox: SandboxHandle,
  door: Door,
  thrown: unknown,
  signal: AbortSignal,
): Promise<LookFailure> {
  if (door.at !== null) return notServed(sandbox, door.component, door.at.service, thrown, signal);
  const first = told(thrown);
  await sleep(pauseMs, undefined, { signal });
  try {
    (await sandbox.dial(door.component, signal)).on('error', () => {}).destroy();
  } catch (again) {
    signal.throwIfAborted();
    const internal = `${first}; again: ${told(again)}`;
    return new LookFailure('backend_down', `${door.component} could not be reached from our side.`, internal);
  }
  return new LookFailure('refused', `${door.component} refused the connection.`, first);
}

/** Why a Service was not reached: what the cluster said of it, that nothing answers behind it, or that the cluster is down. */
export async function notServed(
  sandbox: SandboxHandle,
  component: string,
  service: string,
  thrown: unknown,
  signal: AbortSignal,
): Promise<LookFailure> {
  const answer = answerOf(thrown);
  if (answer !== null) return answer;
  const said = thrown instanceof LabError ? thrown.extra.reason : undefined;
  // The cluster has answered: there is no such Service, or nobody behind it.
  if (said === 'no_such_name') return new LookFailure('missing', sentence(thrown), told(thrown));
  if (said === 'refused') return new LookFailure('refused', sentence(thrown), told(thrown));
  if (!(await clusterAnswers(sandbox, component, signal))) return clusterDown(component, thrown);
  const reason = `Nothing answers behind the Service ${service} in ${component}.`;
  return new LookFailure('refused', reason, told(thrown));
}
