/** What a pause does to a lab's components, and what is written down of it. */
import { asLabError } from './errors.ts';
import type { Lab, Sandbox } from './lab.ts';
import { planOf } from './plan.ts';
import type { LabChange, Snapshot } from './ports.ts';
import { type ReconcileDeps, recordFailure, type Subject } from './subject.ts';

/**
 * Stops them side by side and notes which are; a failure is recorded and tried again later.
 * @returns whether anything was written: if not, all of them were noted as stopped before.
 */
export async function stopComponents(
  subject: Subject,
  sandbox: Sandbox,
  components: readonly string[],
  deps: ReconcileDeps,
  signal: AbortSignal,
): Promise<boolean> {
  const plan = planOf(sandbox, subject.version, subject.lab?.params ?? null);
  const done = await Promise.allSettled(components.map((name) => subject.driver.stop(plan, name, signal)));
  if (signal.aborted) return true;
  const failed = done.flatMap((one) => (one.status === 'rejected' ? [asLabError(one.reason)] : []));
  if (failed.length > 0) {
    await recordFailure(subject, failed, deps);
    return true;
  }
  const news = components.filter((name) => sandbox.components[name]?.observed !== 'stopped');
  if (news.length === 0 && sandbox.failures === 0) return false;
  const change = { components: marked(sandbox, news, 'stopped'), ...recovered };
  await deps.labs.changeSandbox(sandbox.id, sandbox.version, change);
  return true;
}

/** Of components that were brought back: from here on they are what is seen of them. */
export function brought(sandbox: Sandbox, names: readonly string[]): Sandbox['components'] | null {
  const back = names.filter((name) => sandbox.components[name]?.observed === 'stopped');
  return back.length === 0 ? null : marked(sandbox, back, 'unknown');
}

/** A lab that was paused is ready again; since when it has been as it is now made stays. */
export async function resumed(
  { version }: Subject,
  lab: Lab,
  sandbox: Sandbox,
  deps: ReconcileDeps,
): Promise<Snapshot | null> {
  const watch = version.template.watches.length > 0;
  const change: LabChange = {
    phase: 'ready',
    sandbox: { version: sandbox.version, change: recovered },
    ...(watch && { watch }),
  };
  const after = await deps.labs.transition(lab.id, lab.version, change, [{ type: 'lab.resumed', data: {} }]);
  if (after !== null && watch) await deps.queue.wake(`watch:${lab.id}`);
  return after;
}

const recovered = { failures: 0, nextTryAt: null, lastError: null } as const;

function marked(
  sandbox: Sandbox,
  names: readonly string[],
  observed: 'stopped' | 'unknown',
): Sandbox['components'] {
  const rows = Object.entries(sandbox.components);
  return Object.fromEntries(
    rows.map(([name, row]) => [name, names.includes(name) ? { ...row, observed, detail: null } : row]),
  );
}
