/** Which tasks of a lab are open: those that wait for nothing, and those whose condition holds. */
import type { Operation } from '../lab/lab.ts';
import type { Json, Template } from '../templates/types.ts';
import type { Judge } from './judge/thread.ts';
import type { CheckProgress, Value } from './types.ts';

interface Standing {
  readonly template: Pick<Template, 'tasks' | 'checks' | 'faults'>;
  readonly params: Readonly<Record<string, Json>> | null;
  readonly passed: readonly CheckProgress[];
  readonly operations: readonly Operation[];
}

/** Ids of the open tasks. A condition that cannot be judged does not hold. */
export async function openTasks(
  { template, params, passed, operations }: Standing,
  judge: Pick<Judge, 'evaluate'>,
): Promise<ReadonlySet<string>> {
  const waiting = template.tasks.flatMap(({ id, opens }) => (opens === null ? [] : [{ id, opens }]));
  const open = new Set(template.tasks.filter((task) => task.opens === null).map((task) => task.id));
  if (waiting.length === 0) return open;
  const checks: Record<string, Value> = {};
  for (const { id } of template.checks) checks[id] = { passed: passed.some((one) => one.checkId === id) };
  const events: Record<string, Value> = {};
  for (const { id } of template.faults) {
    const fault = operations.find((one) => one.kind === 'fault' && one.name === id);
    events[id] = { at: fault?.startedAt ?? null, done: fault?.state === 'done' ? fault.finishedAt : null };
  }
  const scope = { params: params ?? {}, checks, events };
  const sources = waiting.map(({ opens }) => opens);
  const outcomes = await judge.evaluate({ sources, scope }, AbortSignal.timeout(5_000));
  for (const [at, { id }] of waiting.entries()) {
    const outcome = outcomes[at];
    if (outcome?.kind === 'value' && outcome.value) open.add(id);
  }
  return open;
}
