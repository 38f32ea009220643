/** Starts components as soon as what they use serves, and stops when nobody wants them any more. */
import { asLabError, LabError } from './errors.ts';
import type { Sandbox } from './lab.ts';
import type { Step } from './next-step.ts';
import { brought } from './pausing.ts';
import { planOf } from './plan.ts';
import { type ReconcileDeps, recordFailure, type Subject } from './subject.ts';

type Effort = Extract<Step, { do: 'ensure' }>;

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
  const up: string[] = [];
  const failed: LabError[] = [];
  const begun = new Map<string, Promise<void>>();
  function begin({ component, after }: Effort): Promise<void> {
    const known = begun.get(component);
    if (known !== undefined) return known;
    const before = efforts.filter((other) => after.includes(other.component)).map(begin);
    const work = Promise.all(before).then(async () => {
      if (!after.every((name) => up.includes(name))) return;
      try {
        // What it waited for took a while: nothing is made for a sandbox that was given up meanwhile.
        if (after.length > 0 && !(await isWanted(sandbox.id, deps))) stop.abort();
        either.throwIfAborted();
        await subject.driver.ensure(plan, component, either);
        up.push(component);
      } catch (thrown) {
        failed.push(asLabError(thrown));
      }
    });
    begun.set(component, work);
    return work;
  }
  await Promise.all(efforts.map(begin));
  finished.abort();
  await watch;
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
