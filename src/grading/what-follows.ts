/** What a finished attempt sets going: states that are kept, and faults that a passed check triggers. Pure. */
import type { Operation, OperationKind } from '../lab/lab.ts';
import type { NewOperation } from '../lab/ports.ts';
import type { Template } from '../templates/types.ts';
import type { CheckResult } from './types.ts';

interface Following {
  /** Checkpoints of the tasks whose checks have all passed and that none was asked for yet. */
  readonly plant: readonly NewOperation[];
  /** Ids of waiting operations. */
  readonly trigger: readonly string[];
}

export function whatFollows(
  { tasks, faults }: Pick<Template, 'tasks' | 'faults'>,
  results: readonly CheckResult[],
  operations: readonly Operation[],
): Following {
  const passed = new Set(results.filter(({ verdict }) => verdict === 'pass').map(({ checkId }) => checkId));
  const found = (kind: OperationKind, name: string) =>
    operations.find((one) => one.kind === kind && one.name === name);
  const plant = tasks
    .filter(
      ({ checkpoint, checks }) => checkpoint && checks.length > 0 && checks.every((id) => passed.has(id)),
    )
    .filter(({ id }) => found('checkpoint', id) === undefined)
    .map(({ id }): NewOperation => ({ kind: 'checkpoint', name: id, dueInSeconds: 0 }));
  const trigger = faults
    .filter(({ when }) => when.on === 'check' && passed.has(when.id))
    .flatMap(({ id }) => found('fault', id) ?? [])
    .filter(({ state }) => state === 'waiting')
    .map(({ id }) => id);
  return { plant, trigger };
}
