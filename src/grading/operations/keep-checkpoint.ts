/** Keeps a lab's state after a task: a copy of its databases and files that one can go back to, and look at. */

import { asLabError, LabError } from '../../lab/errors.ts';
import type { Leaving } from '../../lab/leaving.ts';
import { originOf, planOf } from '../../lab/plan.ts';
import type { OperationWork } from '../../lab/ports.ts';
import type { TemplateVersion } from '../../templates/types.ts';
import { databasesOf, dataOf } from '../trials/fork-plan.ts';
import { liveLab } from './live-lab.ts';
import type { End, OperationDeps } from './operation-deps.ts';

/** Waits after a failed effort; as many efforts more. What was not kept now would not be what was graded later. */
const retryMs = [1_000, 4_000];

/** Null when another worker has it or the lab ends. Rejects on `leaving.now` and with LabError when it cannot be made. */
export async function keepCheckpoint(
  work: OperationWork,
  version: TemplateVersion,
  deps: OperationDeps,
  leaving: Leaving,
): Promise<End> {
  const wait = AbortSignal.any([leaving.soon, leaving.now]);
  for (const pauseMs of [...retryMs, null]) {
    try {
      return await copy(work, version, deps, leaving);
    } catch (thrown) {
      leaving.now.throwIfAborted();
      if (pauseMs === null || asLabError(thrown).permanent) throw thrown;
      deps.log.warn({ operation: work.operation.id, err: thrown }, 'a checkpoint is tried again');
      await deps.clock.sleep(pauseMs, wait);
    }
  }
  return null;
}

async function copy(
  { operation, fence }: OperationWork,
  version: TemplateVersion,
  deps: OperationDeps,
  { soon, now }: Leaving,
): Promise<End> {
  const { labId, name: task, id } = operation;
  const live = await liveLab(labId, deps, AbortSignal.any([soon, now]));
  if (live === null) return null;
  const { lab, sandbox, driver } = live;
  const { components } = version.template;
  const names = dataOf(Object.keys(sandbox.components), components);
  if (names.length === 0)
    throw new LabError('template_invalid', 'This lab holds nothing that could be kept.');
  const databases = databasesOf(names, components);
  if (databases.length > 0) {
    await deps.labs.appendEvents(labId, [{ type: 'lab.pausing', data: { components: [...databases] } }]);
  }
  const { templateId, templateHash, backend } = lab;
  const made = { templateId, templateHash, backend, components: names, origin: originOf(sandbox) };
  const row = await deps.forks.startCheckpoint(id, fence, { id: deps.ids.sandbox(), ...made });
  if (row === null) return null;
  const plan = planOf(row, version, lab.params);
  try {
    // Databases first, one after the other: a replica is made from its primary.
    for (const name of databases) await driver.ensure(plan, name, now);
    const files = names.filter((name) => !databases.includes(name));
    await Promise.all(files.map((name) => driver.ensure(plan, name, now)));
  } catch (thrown) {
    // The sweep destroys what there is of it; a stop leaves that to whoever goes on.
    if (!now.aborted) await deps.forks.endFork(row.id);
    throw thrown;
  }
  const told = { type: 'checkpoint.kept', data: { task } } as const;
  return { state: 'done', detail: null, sandboxId: row.id, events: [told] };
}
