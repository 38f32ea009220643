/** Which components of a lab serve pages, and a stream to one of them. */
import type { Duplex } from 'node:stream';
import { LabError } from '../lab/errors.ts';
import { requireSandbox } from '../lab/guards.ts';
import type { Caller, LabService } from '../lab/lab-service.ts';
import { planOf } from '../lab/plan.ts';
import type { SandboxDriver } from '../lab/ports.ts';
import { readServicePort } from '../lab/service-port.ts';
import type { BackendName, ComponentKind } from '../templates/types.ts';

export interface LabPages {
  /** Names of components that speak HTTP to trainees. */
  readonly components: readonly string[];
  /** Those that are namespaces: Services in them may have pages. */
  readonly namespaces: readonly string[];
  /** @param place a component, or a Service as `production:web:80`. Throws `backend_unavailable` when nothing listens. */
  dial(place: string, signal: AbortSignal): Promise<Duplex>;
}

export interface PagesSource {
  /** Throws `lab_not_found`, also for a lab of somebody else's, `lab_not_ready`, `lab_ended`. */
  of(caller: Caller, labId: string): Promise<LabPages>;
}

const serving: ReadonlySet<ComponentKind> = new Set(['sample-api', 'service', 'stub']);

/** A page is dozens of requests: what was found is good for a moment. */
const rememberMs = 1_000;
const mostRemembered = 1_000;

export function createPages(
  labs: Pick<LabService, 'getLabWithTemplate' | 'use'>,
  drivers: ReadonlyMap<BackendName, SandboxDriver>,
  now: () => number,
): PagesSource {
  const known = new Map<string, { readonly until: number; readonly pages: Promise<LabPages> }>();

  async function find(caller: Caller, labId: string): Promise<LabPages> {
    await labs.use(caller, labId);
    const { lab, sandbox, version } = await labs.getLabWithTemplate(caller, labId);
    const plan = planOf(requireSandbox(lab, sandbox), version, lab.params);
    const driver = drivers.get(lab.backend);
    if (driver === undefined) {
      throw new LabError('backend_unavailable', `The backend "${lab.backend}" is not enabled here.`);
    }
    const components = Object.values(plan.components).flatMap(({ name, spec }) =>
      serving.has(spec.kind) ? [name] : [],
    );
    const namespaces = Object.values(plan.components).flatMap(({ name, spec }) =>
      spec.kind === 'namespace' ? [name] : [],
    );
    return {
      components,
      namespaces,
      dial(place, signal) {
        const colon = place.indexOf(':');
        if (colon < 0) return driver.dial(plan, place, signal);
        const service = readServicePort(place.slice(colon + 1));
        if (service === null) throw new LabError('not_found', 'There is no lab on this host.');
        return driver.dial(plan, place.slice(0, colon), signal, service);
      },
    };
  }

  return {
    of(caller, labId) {
      const key = `${labId} ${caller.role} ${caller.subject}`;
      const found = known.get(key);
      if (found !== undefined && found.until > now()) return found.pages;
      const pages = find(caller, labId);
      if (known.size >= mostRemembered) known.clear();
      known.set(key, { until: now() + rememberMs, pages });
      pages.catch(() => known.delete(key));
      return pages;
    },
  };
}
