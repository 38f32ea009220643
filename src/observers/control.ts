/**
 * Asking a stub or a traffic program on its control port, which trainees cannot reach: what does not answer there is
 * ours, so every failure is `backend_down`, once a second effort has failed too.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SandboxHandle } from '../grading/types.ts';
import type { Json } from '../templates/types.ts';
import { exchange, type HttpResponse } from './http-exchange.ts';
import { LookFailure } from './look.ts';
import { parseJson } from './parse.ts';

export interface ControlRequest {
  readonly method: 'GET' | 'PUT' | 'POST';
  /** With its query, percent-encoded. */
  readonly path: string;
  readonly json?: Json;
}

export interface ControlAnswer {
  readonly status: number;
  readonly json: Json;
}

const pauseMs = 150;

/**
 * The answer, whatever its status is. All that control ports offer may be asked twice.
 * @throws LookFailure `backend_down`; `oversized` when the answer is larger than a look may be.
 */
export async function askControl(
  sandbox: SandboxHandle,
  component: string,
  request: ControlRequest,
  signal: AbortSignal,
): Promise<ControlAnswer> {
  const access = sandbox.access(component);
  if (access.kind !== 'stub' && access.kind !== 'traffic')
    throw new LookFailure(
      'bug',
      'This check asks something of the wrong kind.',
      `control of a ${access.kind}`,
    );
  const send = async (): Promise<ControlAnswer> => {
    const { method, path, json } = request;
    const headers = {
      host: 'control',
      authorization: `Bearer ${access.controlToken}`,
      ...(json !== undefined && { 'content-type': 'application/json' }),
    };
    const body = json === undefined ? null : JSON.stringify(json);
    const dial = (within: AbortSignal) => sandbox.dial(component, within, 'control');
    return answerOf(await exchange({ method, path, headers, body }, dial, signal));
  };
  try {
    return await send();
  } catch (thrown) {
    signal.throwIfAborted();
    if (thrown instanceof LookFailure && thrown.problem === 'oversized') throw thrown;
  }
  await sleep(pauseMs, undefined, { signal });
  try {
    return await send();
  } catch (thrown) {
    signal.throwIfAborted();
    const internal = `control port of ${component}: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
    throw new LookFailure('backend_down', `${component} could not be reached from our side.`, internal);
  }
}

function answerOf({ status, body }: HttpResponse): ControlAnswer {
  const json = parseJson(new TextDecoder().decode(body), 'The journal');
  if (json === undefined || status === 401 || status >= 500) throw new Error(`answered with ${status}`);
  return { status, json };
}
