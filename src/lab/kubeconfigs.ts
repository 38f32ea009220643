/** A lab's namespaces for a client outside of it: a kubeconfig that ends with the lab, made anew at each call. */
import type { BackendName } from '../templates/types.ts';
import { LabError } from './errors.ts';
import { requireSandbox } from './guards.ts';
import type { Caller, LabService } from './lab-service.ts';
import { planOf } from './plan.ts';
import type { SandboxDriver } from './ports.ts';

export interface Kubeconfig {
  readonly text: string;
  readonly expiresAt: Date;
  /** Contexts in it: components of the lab; the first is the current one. */
  readonly contexts: readonly string[];
}

export interface Kubeconfigs {
  /**
   * Null: the lab has no namespaces. Throws `lab_not_found`, also for a lab of somebody else's, `lab_not_ready`,
   * `lab_ended`, `backend_not_supported` where trainees have no way to the cluster, `backend_unavailable`.
   */
  of(caller: Caller, labId: string, signal: AbortSignal): Promise<Kubeconfig | null>;
}

export function createKubeconfigs(
  labs: Pick<LabService, 'getLabWithTemplate'>,
  drivers: ReadonlyMap<BackendName, SandboxDriver>,
): Kubeconfigs {
  return {
    async of(caller, labId, signal) {
      const { lab, sandbox, version } = await labs.getLabWithTemplate(caller, labId);
      const live = requireSandbox(lab, sandbox);
      const plan = planOf(live, version, lab.params);
      const contexts = Object.values(plan.components).flatMap(({ name, spec }) =>
        spec.kind === 'namespace' ? [name] : [],
      );
      if (contexts.length === 0) return null;
      const namespaces = drivers.get(lab.backend)?.namespaces ?? null;
      if (namespaces === null) {
        throw new LabError('backend_unavailable', `The backend "${lab.backend}" is not enabled here.`);
      }
      const given = await namespaces.kubeconfig(plan, contexts, 'outside', lab.expiresAt, signal);
      return { ...given, contexts };
    },
  };
}
