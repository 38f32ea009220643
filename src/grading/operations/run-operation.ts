/**
 * One operation on a live lab, from its row to its record. Any worker goes on where another one stopped; what was begun
 * is not begun again.
 */

import { asLabError, type LabError } from '../../lab/errors.ts';
import type { LabEvent, Operation, OperationKind } from '../../lab/lab.ts';
import type { Leaving } from '../../lab/leaving.ts';
import type { OperationWork } from '../../lab/ports.ts';
import type { TemplateVersion } from '../../templates/types.ts';
import { exportLab } from './export-lab.ts';
import { firedEvent, fireFault } from './fault.ts';
import { keepState, snapshotFailed } from './keep-state.ts';
import type { End, OperationDeps } from './operation-deps.ts';
import { skipTask } from './skip-task.ts';

type Run = (
  work: OperationWork,
  version: TemplateVersion,
  deps: OperationDeps,
  leaving: Leaving,
) => Promise<End>;

const runs: Readonly<Record<OperationKind, Run>> = {
  fault: fireFault,
  checkpoint: keepState,
  snapshot: keepState,
  export: exportLab,
  skip: skipTask,
};

/**
 * Does it and records it; returns without a record when it is over, its lab is not ready, another worker has it, or this
 * one takes leave. Rejects on `leaving.now` and with what the store throws: its row is due again.
 */
export async function runOperation(id: string, deps: OperationDeps, leaving: Leaving): Promise<void> {
  const named = nameOf(id);
  if (named === null || leaving.soon.aborted) return;
  const { lab } = await deps.labs.getLab(named.labId);
  const version = lab === null ? null : await deps.templates.load(lab.templateHash);
  if (lab === null || version === null) return;
  const fired = named.kind === 'fault' ? firedEvent(version.template, named.name, lab.params) : [];
  const work = await deps.operations.startOperation(id, deps.leaseSeconds, fired);
  if (work === null) return;
  const about = { operation: id, labId: named.labId };
  const end = await attempt(work, version, deps, leaving);
  if (end === null) return;
  const recorded = await deps.operations.finishOperation(id, work.fence, end);
  deps.log.info({ ...about, state: end.state, detail: end.detail, recorded }, 'an operation ended');
  if (recorded) for (const other of end.trigger ?? []) await deps.queue.wake(`operation:${other}`);
}

/** A bug of ours, or a backend that cannot, must not leave an operation running for ever. */
async function attempt(
  work: OperationWork,
  version: TemplateVersion,
  deps: OperationDeps,
  leaving: Leaving,
): Promise<End> {
  const { kind, id } = work.operation;
  try {
    return await runs[kind](work, version, deps, leaving);
  } catch (thrown) {
    leaving.now.throwIfAborted();
    if (leaving.soon.aborted) return null;
    const error = asLabError(thrown);
    if (error.code === 'database_unavailable') throw error;
    deps.log.error({ operation: id, err: thrown }, 'an operation failed through a fault of ours');
    return { state: 'failed', detail: error.message, events: failureOf(work.operation, error) };
  }
}

function failureOf(operation: Operation, error: LabError): readonly LabEvent[] {
  const { kind, name } = operation;
  if (kind === 'snapshot') return [snapshotFailed(operation, error)];
  return kind === 'fault' ? [{ type: 'fault.failed', data: { fault: name, reason: error.message } }] : [];
}

/** `<labId>/<kind>/<name>`. */
function nameOf(id: string): { readonly labId: string; readonly kind: string; readonly name: string } | null {
  const [, labId, kind, name] = /^([^/]+)\/([^/]+)\/(.+)$/.exec(id) ?? [];
  return labId === undefined || kind === undefined || name === undefined ? null : { labId, kind, name };
}
