/** Writes what a lab's template keeps, because somebody asked for it while the lab lives. */
import { asLabError } from '../../lab/errors.ts';
import type { Leaving } from '../../lab/leaving.ts';
import type { OperationWork } from '../../lab/ports.ts';
import type { TemplateVersion } from '../../templates/types.ts';
import { liveLab } from './live-lab.ts';
import type { End, OperationDeps } from './operation-deps.ts';

/** Null when the lab ends: it is written then anyway. Rejects on `leaving.now`. */
export async function exportLab(
  work: OperationWork,
  _version: TemplateVersion,
  deps: OperationDeps,
  { soon, now }: Leaving,
): Promise<End> {
  const live = await liveLab(work.operation.labId, deps, AbortSignal.any([soon, now]));
  if (live === null) return null;
  try {
    const { bytes, leftOut } = await deps.exporter.write(live, now);
    return {
      state: 'done',
      detail: null,
      events: [{ type: 'lab.exported', data: { bytes, leftOut } }],
    };
  } catch (thrown) {
    now.throwIfAborted();
    const { code, message } = asLabError(thrown);
    deps.log.warn({ labId: work.operation.labId, err: thrown }, 'an export that was asked for failed');
    return {
      state: 'failed',
      detail: message,
      events: [{ type: 'lab.export_failed', data: { code, reason: message, triesLeft: 0 } }],
    };
  }
}
