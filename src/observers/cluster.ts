/**
 * Asking the cluster about a trainee's namespace. What it says of an object is what a trainee can cause; that it does
 * not answer is ours, once a question that it could always answer has failed too.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LookProblem, NamespacesHandle, SandboxHandle } from '../grading/types.ts';
import { type ErrorCode, LabError } from '../lab/errors.ts';
import { limits } from './limits.ts';
import { LookFailure } from './look.ts';

const pauseMs = 150;

/** @throws LookFailure `bug`: the backend of this lab has no namespaces. */
export function clusterOf(sandbox: SandboxHandle): NamespacesHandle {
  if (sandbox.namespaces !== null) return sandbox.namespaces;
  const reason = 'This looks into a namespace, which this lab has none of; that is not your doing.';
  throw new LookFailure('bug', reason, 'the backend has no namespaces');
}

/**
 * What `ask` gives; asked again when the cluster answers a simpler question, unless `again` forbids it.
 * @param ours what is asked is a program of ours: that it does not answer is our doing.
 * @throws LookFailure `missing`, `denied`, `rejected`, `oversized`: its answer; `refused`, `backend_down`: it gave none
 */
export async function askCluster<T>(
  sandbox: SandboxHandle,
  component: string,
  ask: (cluster: NamespacesHandle) => Promise<T>,
  signal: AbortSignal,
  { again = true, ours = false }: { readonly again?: boolean; readonly ours?: boolean } = {},
): Promise<T> {
  const cluster = clusterOf(sandbox);
  try {
    return await ask(cluster);
  } catch (thrown) {
    signal.throwIfAborted();
    const answer = answerOf(thrown);
    if (answer !== null) throw answer;
    await sleep(pauseMs, undefined, { signal });
    if (!(await clusterAnswers(sandbox, component, signal))) throw clusterDown(component, thrown);
    if (!again) throw notReached(component, thrown);
  }
  try {
    return await ask(cluster);
  } catch (thrown) {
    signal.throwIfAborted();
    throw answerOf(thrown) ?? (ours ? clusterDown(component, thrown) : notReached(component, thrown));
  }
}

/** Our control probe: the Services of the namespace, which we may always list. */
export async function clusterAnswers(
  { namespaces }: SandboxHandle,
  component: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const query = { apiVersion: 'v1', kind: 'Service', name: 'labwright-probe', limit: 1 };
    await namespaces?.list(component, query, signal);
    return namespaces !== null;
  } catch (thrown) {
    signal.throwIfAborted();
    return answerOf(thrown) !== null;
  }
}

export function clusterDown(component: string, thrown: unknown): LookFailure {
  const internal = `the cluster does not answer: ${told(thrown)}`;
  return new LookFailure('backend_down', `${component} could not be reached from our side.`, internal);
}

function notReached(component: string, thrown: unknown): LookFailure {
  const reason = `What is asked for in ${component} could not be reached: is it running?`;
  return new LookFailure('refused', reason, told(thrown));
}

const answers: Partial<Record<ErrorCode, LookProblem>> = {
  object_not_found: 'missing',
  object_denied: 'denied',
  validation_failed: 'rejected',
  payload_too_large: 'oversized',
};

/** What the cluster said of an object, as a failure; null when it said nothing. */
export function answerOf(thrown: unknown): LookFailure | null {
  if (thrown instanceof LookFailure) return thrown;
  const problem = thrown instanceof LabError ? answers[thrown.code] : undefined;
  if (problem === undefined) return null;
  return new LookFailure(problem, sentence(thrown), told(thrown));
}

/** What was thrown, as one short sentence for the trainee. */
export function sentence(thrown: unknown): string {
  const text = told(thrown).replaceAll(/\s+/g, ' ').trim().slice(0, limits.quotedChars);
  return /[.?!]$/.test(text) ? text : `${text}.`;
}

export function told(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
