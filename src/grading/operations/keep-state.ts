/**
 * Keeps a lab's state, after a task or because somebody asked for it: a copy of its databases and files that one can go
 * back to, and look at. It is stopped once it is made, and costs little from then on.
 */

import { asLabError, LabError } from '../../lab/errors.ts';
import type { LabEvent, Operation, SandboxOrigin } from '../../lab/lab.ts';
import type { Leaving } from '../../lab/leaving.ts';
import { originOf, planOf } from '../../lab/plan.ts';
import type { OperationWork } from '../../lab/ports.ts';
import type { TemplateVersion } from '../../templates/types.ts';
import { databasesOf, dataOf } from '../trials/fork-plan.ts';
import { stopKept } from '../trials/stop-kept.ts';
import { liveLab } from './live-lab.ts';
import type { End, OperationDeps } from './operation-deps.ts';

/** Waits after a failed effort; as many efforts more. What was not kept now would not be what was graded later. */
const retryMs = [1_000, 4_000];

/** Null when another worker has it or the lab ends. Rejects on `leaving.now` and with LabError when it cannot be made. */
export async function keepState(
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
      deps.log.warn({ operation: work.operation.id, err: thrown }, 'the keeping of a state is tried again');
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
  const { labId, name, id, kind } = operation;
  const live = await liveLab(labId, deps, AbortSignal.any([soon, now]));
  if (live === null) return null;
  const { lab, sandbox, driver } = live;
  if (isOther(operation, originOf(sandbox))) {
    const other = new LabError('conflict', 'The lab was reset or put back before this snapshot was made.');
    return { state: 'failed', detail: other.message, events: [snapshotFailed(operation, other)] };
  }
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
    await stopKept(driver, plan, now);
  } catch (thrown) {
    // The sweep destroys what there is of it; a stop leaves that to whoever goes on.
    if (!now.aborted) await deps.forks.endFork(row.id);
    throw thrown;
  }
  const told: LabEvent =
    kind === 'snapshot'
      ? { type: 'snapshot.kept', data: { snapshot: name } }
      : { type: 'checkpoint.kept', data: { task: name } };
  return { state: 'done', detail: null, sandboxId: row.id, events: [told] };
}

/** A snapshot is of what the lab was when it was asked for: a reset since then has made it something else. */
function isOther({ kind, saved }: Operation, now: SandboxOrigin): boolean {
  return kind === 'snapshot' && saved.of !== originText(now);
}

/** As it is kept in a snapshot's row. */
export function originText({ sandboxId, generations }: SandboxOrigin): string {
  const rows = Object.entries(generations).map(([name, generation]) => `${name}=${generation}`);
  return [sandboxId, ...rows.sort()].join(' ');
}

/** What is told of a snapshot that could not be made. */
export function snapshotFailed({ name }: Operation, { code, message }: LabError): LabEvent {
  return { type: 'snapshot.failed', data: { snapshot: name, code, reason: message } };
}
