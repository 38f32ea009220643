/** `events` in expressions and `{{ }}`: when each fault of a template fired and was done. Pure. */
import type { Operation } from '../lab/lab.ts';
import type { Template } from '../templates/types.ts';
import type { FaultTimes } from './types.ts';

/** Every fault of the template by its id; null before, and a fault that failed is never done. */
export function faultTimes(
  { faults }: Pick<Template, 'faults'>,
  operations: readonly Operation[],
): Readonly<Record<string, FaultTimes>> {
  const fired = new Map(operations.filter(({ kind }) => kind === 'fault').map((one) => [one.name, one]));
  return Object.fromEntries(
    faults.map(({ id }) => {
      const fault = fired.get(id);
      const done = fault?.state === 'done' ? fault.finishedAt : null;
      return [id, { at: fault?.startedAt ?? null, done }];
    }),
  );
}

/** The same as a root of expressions. */
export function eventsScope(
  events: Readonly<Record<string, FaultTimes>>,
): Readonly<Record<string, { readonly at: Date | null; readonly done: Date | null }>> {
  return Object.fromEntries(Object.entries(events).map(([id, { at, done }]) => [id, { at, done }]));
}
