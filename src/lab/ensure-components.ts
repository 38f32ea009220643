/** Starts components side by side, and stops when nobody wants them any more. */
import { asLabError, LabError } from './errors.ts';
import type { Sandbox } from './lab.ts';
import { brought } from './pausing.ts';
import { planOf } from './plan.ts';
import { type ReconcileDeps, recordFailure, type Subject } from './subject.ts';

/** Returns when every component either serves or failed; failures are recorded, nothing is thrown. */
export async function ensureComponents(
  subject: Subject,
  sandbox: Sandbox,
  components: readonly string[],
  deps: ReconcileDeps,
  signal: AbortSignal,
): Promise<void> {
  const plan = planOf(sandbox, subject.version, subject.lab?.params ?? null);
  const stop = new AbortController();
  const finished = new AbortController();
  const watch = stopWhenFutile(sandbox.id, stop, finished.signal, deps);
  const either = AbortSignal.any([signal, stop.signal]);
  const done = await Promise.allSettled(components.map((name) => subject.driver.ensure(plan, name, either)));
  finished.abort();
  await watch;
  const failed = done
    .filter((result) => result.status === 'rejected')
    .map((result) => asLabError(result.reason));
  const up = components.filter((_, n) => done[n]?.status === 'fulfilled');
  const rows = brought(sandbox, up);
  const after =
    rows === null ? null : await deps.labs.changeSandbox(sandbox.id, sandbox.version, { components: rows });
  const now = { ...subject, sandbox: after?.sandbox ?? sandbox };
  if (failed.length > 0 && !signal.aborted) await recordFailure(now, failed, deps);
}

const futileCheckMs = 2_000;

/** Stops building for a lab that was ended meanwhile, and what takes longer than an effort may. */
async function stopWhenFutile(
  sandboxId: string,
  stop: AbortController,
  finished: AbortSignal,
  deps: ReconcileDeps,
): Promise<void> {
  const { ensureSeconds } = deps.policy;
  for (let waitedMs = 0; !finished.aborted; waitedMs += futileCheckMs) {
    if (waitedMs >= ensureSeconds * 1000) {
      return stop.abort(new LabError('timed_out', `It took longer than ${ensureSeconds} s to start.`));
    }
    try {
      await deps.clock.sleep(futileCheckMs, finished);
      const { sandbox } = await deps.labs.getSandbox(sandboxId);
      if (sandbox?.state === 'dead' || sandbox?.state === 'gone') return stop.abort();
    } catch (thrown) {
      if (!finished.aborted)
        deps.log.debug({ sandboxId, err: thrown }, 'could not check whether the work is wanted');
    }
  }
}
