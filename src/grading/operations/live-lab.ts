/** The lab that an operation works on, as it is at this moment: a reset may have given it another sandbox. */
import { LabError } from '../../lab/errors.ts';
import type { Lab, Sandbox } from '../../lab/lab.ts';
import { planOf } from '../../lab/plan.ts';
import type { SandboxDriver, SandboxPlan } from '../../lab/ports.ts';
import type { TemplateVersion } from '../../templates/types.ts';
import type { OperationDeps } from './operation-deps.ts';

export interface LiveLab {
  readonly lab: Lab;
  readonly sandbox: Sandbox;
  readonly version: TemplateVersion;
  readonly driver: SandboxDriver;
  readonly plan: SandboxPlan;
}

const pauseMs = 500;

/**
 * The lab once it is ready: one that is being put back to a kept state is waited for. Null when it ends or is paused. Throws LabError
 * `backend_unavailable` when this worker has not what it needs; rejects on abort.
 */
export async function liveLab(
  labId: string,
  deps: Pick<OperationDeps, 'labs' | 'templates' | 'drivers' | 'clock'>,
  signal: AbortSignal,
): Promise<LiveLab | null> {
  for (;;) {
    const { lab, sandbox } = await deps.labs.getLab(labId);
    if (lab === null || isLeft(lab)) return null;
    if (lab.phase === 'ready' && sandbox !== null) return bound(lab, sandbox, deps);
    await deps.clock.sleep(pauseMs, signal);
  }
}

function isLeft({ phase }: Lab): boolean {
  return phase === 'paused' || phase === 'terminating' || phase === 'terminated';
}

async function bound(
  lab: Lab,
  sandbox: Sandbox,
  deps: Pick<OperationDeps, 'templates' | 'drivers'>,
): Promise<LiveLab> {
  const version = await deps.templates.load(lab.templateHash);
  const driver = deps.drivers.get(lab.backend);
  if (version === null || driver === undefined) {
    throw new LabError('backend_unavailable', `This worker has not what lab "${lab.id}" needs; another may.`);
  }
  return { lab, sandbox, version, driver, plan: planOf(sandbox, version, lab.params) };
}

/** Whether two looks at a lab saw the same resources. */
export function sameResources(one: SandboxPlan, other: SandboxPlan): boolean {
  if (one.sandboxId !== other.sandboxId) return false;
  return Object.entries(one.components).every(
    ([name, { generation }]) => other.components[name]?.generation === generation,
  );
}
