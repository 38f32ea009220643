/** Starts components as soon as what they use serves, and stops when nobody wants them any more. */
import { asLabError, LabError } from './errors.ts';
import { createInOrder } from './in-order.ts';
import type { Sandbox } from './lab.ts';
import type { Effort } from './next-step.ts';
import { brought } from './pausing.ts';
import { planOf } from './plan.ts';
import { type ReconcileDeps, recordFailure, type Subject } from './subject.ts';

/**
 * Returns when every component either serves, or failed, or was left because one that it comes after did; failures are
 * recorded, nothing is thrown.
 */
export async function ensureComponents(
  subject: Subject,
  sandbox: Sandbox,
  efforts: readonly Effort[],
  deps: ReconcileDeps,
  signal: AbortSignal,
): Promise<void> {
  const plan = planOf(sandbox, subject.version, subject.lab?.params ?? null);
  const stop = new AbortController();
  const finished = new AbortController();
  const watch = stopWhenFutile(sandbox.id, stop, finished.signal, deps);
  const either = AbortSignal.any([signal, stop.signal]);
  const names = efforts.map(({ component }) => component);
  const before = new Map(efforts.map(({ component, after }) => [component, after]));
  const inOrder = createInOrder(
    (name) => before.get(name) ?? [],
    async (name, within) => {
      // What it waited for took a while: nothing is made for a sandbox that was given up meanwhile.
      if (before.get(name)?.length !== 0 && !(await isWanted(sandbox.id, deps))) stop.abort();
      within.throwIfAborted();
      await subject.driver.ensure(plan, name, within);
    },
  );
  const done = await Promise.allSettled(names.map((name) => inOrder.start(name, either)));
  finished.abort();
  await watch;
  // What was left because of another has failed for the same reason.
  const reasons = new Set(done.flatMap((one) => (one.status === 'rejected' ? [one.reason] : [])));
  const failed = [...reasons].map(asLabError);
  const up = names.filter((_, n) => done[n]?.status === 'fulfilled');
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
      if (!(await isWanted(sandboxId, deps))) return stop.abort();
    } catch (thrown) {
      if (!finished.aborted)
        deps.log.debug({ sandboxId, err: thrown }, 'could not check whether the work is wanted');
    }
  }
}

async function isWanted(sandboxId: string, { labs }: ReconcileDeps): Promise<boolean> {
  const { sandbox } = await labs.getSandbox(sandboxId);
  return sandbox?.state !== 'dead' && sandbox?.state !== 'gone';
}
