/**
 * Steps on a live lab, each at most once whatever crashes: that one begins is noted before it is done. Only a wait may be
 * begun twice, for it changes nothing.
 */

import type { Operation } from '../../lab/lab.ts';
import type { Leaving } from '../../lab/leaving.ts';
import type { OperationWork } from '../../lab/ports.ts';
import type { Json, StepSpec } from '../../templates/types.ts';
import { accessScope } from '../access-scope.ts';
import { eventsScope, faultTimes } from '../fault-times.ts';
import { noRecords } from '../records.ts';
import { bindSandbox } from '../sandbox-handle.ts';
import { doStep, type StepEnd, type StepWorld, type Surroundings } from '../steps.ts';
import type { ActContext, LookContext, SandboxHandle, Value } from '../types.ts';
import { valueToText } from '../values/text.ts';
import { type LiveLab, liveLab, sameResources } from './live-lab.ts';
import type { OperationDeps } from './operation-deps.ts';

/** What the steps may do beside acting on the sandbox. */
export interface ActingAs {
  readonly answers: LookContext['answers'];
  readonly answer: ActContext['answer'];
  readonly press: ActContext['press'];
  /** Its requests say that they are the grader's: what a fault does is not the trainee's doing. */
  readonly asGrader?: boolean;
}

/** `left`: another worker has it, the lab ended, or this worker takes leave; nothing is to be recorded. */
export type StepsEnd =
  | { readonly end: 'done' | 'left' }
  | { readonly end: 'failed'; readonly reason: string };

/** Rejects on `leaving.now`, and with what the store throws. */
export async function liveSteps(
  { operation, fence }: OperationWork,
  steps: readonly StepSpec[],
  as: ActingAs,
  deps: OperationDeps,
  leaving: Leaving,
): Promise<StepsEnd> {
  const wait = AbortSignal.any([leaving.soon, leaving.now]);
  const saved: Record<string, Value> = { ...operation.saved };
  let bench: { readonly live: LiveLab; readonly handle: SandboxHandle } | null = null;
  // That a wait has ended is noted by what comes after it: one that was begun last may be begun again.
  const resumed = steps[operation.begun - 1]?.kind === 'wait' ? operation.begun - 1 : operation.begun;
  for (let nth = resumed; nth < steps.length; nth++) {
    const step = steps[nth];
    if (step === undefined) break;
    const live = await unlessLeft(leaving, () => liveLab(operation.labId, deps, wait));
    if (live === null) return { end: 'left' };
    // A login is kept per handle: a lab that is the same keeps its handle.
    if (bench === null || !sameResources(bench.live.plan, live.plan)) {
      bench = { live, handle: bindSandbox(live.driver, live.plan) };
    }
    const world = worldOf(operation, step, live, bench.handle, as, deps);
    const begun = nth < operation.begun;
    if (!begun && !(await deps.operations.beginStep(operation.id, fence, nth, asJson(saved)))) {
      return { end: 'left' };
    }
    const stop = step.kind === 'wait' ? wait : leaving.now;
    const done = await unlessLeft(leaving, () => doStep(step, world, { ...saved }, stop));
    if (done === null) return { end: 'left' };
    Object.assign(saved, done.kept);
    if (done.outcome === 'done' || (await wasReset(live, deps))) continue;
    return { end: 'failed', reason: told(done) };
  }
  return { end: 'done' };
}

/** What it does; null when the worker takes leave meanwhile. */
async function unlessLeft<T>({ soon, now }: Leaving, work: () => Promise<T>): Promise<T | null> {
  if (soon.aborted) return null;
  try {
    return await work();
  } catch (thrown) {
    now.throwIfAborted();
    if (soon.aborted) return null;
    throw thrown;
  }
}

/** What a step found no more because the lab was reset or paused under it is no failure: the next one meets the lab as it is. */
async function wasReset(before: LiveLab, deps: OperationDeps): Promise<boolean> {
  const { lab, sandbox } = await deps.labs.getLab(before.lab.id);
  if (lab === null || lab.phase !== 'ready' || sandbox === null || sandbox.id !== before.sandbox.id)
    return true;
  return Object.entries(before.sandbox.components).some(
    ([name, { generation }]) => sandbox.components[name]?.generation !== generation,
  );
}

function told({ id, outcome, reason }: StepEnd): string {
  return `Step "${id}" ${outcome === 'skipped' ? 'was skipped' : 'failed'}: ${reason ?? 'no reason is known'}`;
}

function worldOf(
  operation: Operation,
  step: StepSpec,
  live: LiveLab,
  sandbox: SandboxHandle,
  as: ActingAs,
  deps: OperationDeps,
): StepWorld {
  const { lab, version } = live;
  // When it fired is in the name: who has met a fault once cannot know what its next waits will be.
  const drawName = `${operation.id}/${step.id}/${operation.startedAt?.toISOString() ?? ''}`;
  return {
    version,
    sandbox,
    actions: deps.actions,
    observers: deps.observers,
    judge: deps.judge,
    ...as,
    mark: null,
    drawn: (from, to) => deps.drawBetween(lab.seed, drawName, Math.round(from), Math.round(to)),
    waitLimitMs: () => Number.POSITIVE_INFINITY,
    deadlineMs: () => Number.POSITIVE_INFINITY,
    async around(): Promise<Surroundings> {
      const events = faultTimes(version.template, await deps.operations.listOperations(lab.id));
      const access = accessScope(version, sandbox);
      const scope = { params: lab.params ?? {}, access, events: eventsScope(events) };
      return { scope, records: { ...noRecords, events } };
    },
  };
}

/** What is kept between workers is JSON: moments and bytes become text. */
function asJson(saved: Readonly<Record<string, Value>>): Readonly<Record<string, Json>> {
  return Object.fromEntries(Object.entries(saved).map(([name, value]) => [name, toJson(value)]));
}

function toJson(value: Value): Json {
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof Date || value instanceof Uint8Array) return valueToText(value);
  if (Array.isArray(value)) return value.map(toJson);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(item)]));
}
