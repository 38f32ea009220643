/** Ways into labs: which component of which lab is reached, and by what. */
import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { LabError } from '../lab/errors.ts';
import { requireComponent, requireSandbox } from '../lab/guards.ts';
import type { Caller, LabService } from '../lab/lab-service.ts';
import { planOf } from '../lab/plan.ts';
import type { SandboxDriver, ServicePort, Terminal, TerminalSize } from '../lab/ports.ts';
import type { BackendName, ComponentKind } from '../templates/types.ts';
import type { WayKind } from './protocol.ts';

export interface Way {
  readonly labId: string;
  /** Whose lab it is. */
  readonly trainee: string;
  readonly component: string;
  /** Of a namespace: what is reached in it. */
  readonly service: ServicePort | null;
  /** Opaque: another one after a reset, also of this component alone. */
  readonly place: string;
  /** Throws what `SandboxDriver.terminal` throws. */
  terminal(size: TerminalSize, signal: AbortSignal): Promise<Terminal>;
  /** Throws what `SandboxDriver.dial` throws. */
  dial(signal: AbortSignal): Promise<Duplex>;
}

export interface Ways {
  /**
   * Throws `lab_not_found`, also for a lab of somebody else's, `lab_not_ready`, `lab_ended`, `component_not_found` with
   * the nearest name, `bad_request` for a component that has no such way, with those that have, and for a Service that is
   * named where there is none, or is not where one must be.
   */
  find(
    caller: Caller,
    labId: string,
    component: string,
    kind: WayKind,
    service?: ServicePort | null,
  ): Promise<Way>;
}

const kindsWith: Readonly<Record<WayKind, ReadonlySet<ComponentKind>>> = {
  terminal: new Set(['shell']),
  tunnel: new Set(['postgres', 'sample-api', 'service', 'redis', 'stub', 'namespace']),
};

const lack: Readonly<Record<WayKind, string>> = {
  terminal: 'no terminal',
  tunnel: 'no port that is for its trainee',
};

export function createWays(
  labs: Pick<LabService, 'getLabWithTemplate'>,
  drivers: ReadonlyMap<BackendName, SandboxDriver>,
  nearest: (word: string, known: readonly string[]) => string | null,
): Ways {
  return {
    async find(caller, labId, component, kind, service = null) {
      const { lab, sandbox, version } = await labs.getLabWithTemplate(caller, labId);
      const live = requireSandbox(lab, sandbox);
      requireComponent(live, component, nearest);
      const plan = planOf(live, version, lab.params);
      const piece = plan.components[component];
      if (piece === undefined || !kindsWith[kind].has(piece.spec.kind)) {
        const known = Object.values(plan.components).flatMap(({ name, spec }) =>
          kindsWith[kind].has(spec.kind) ? [name] : [],
        );
        throw new LabError(
          'bad_request',
          `component: "${component}" is of kind ${piece?.spec.kind} and has ${lack[kind]}; those that have one: ${known.join(', ') || 'none'}.`,
          { extra: { field: 'component', known } },
        );
      }
      requireService(component, piece.spec.kind, service);
      const driver = drivers.get(lab.backend);
      if (driver === undefined) {
        throw new LabError('backend_unavailable', `The backend "${lab.backend}" is not enabled here.`);
      }
      return {
        labId,
        trainee: lab.trainee,
        component,
        service,
        place: placeOf(live.id, component, piece.generation),
        terminal: (size, signal) => driver.terminal(plan, component, size, signal),
        dial: (signal) => driver.dial(plan, component, signal, service ?? 'main'),
      };
    },
  };
}

function requireService(component: string, kind: ComponentKind, service: ServicePort | null): void {
  if ((kind === 'namespace') === (service !== null)) return;
  const text =
    service === null
      ? `service: "${component}" is a namespace; say which Service of it and which port, such as web:80.`
      : `service: "${component}" is of kind ${kind}; only a namespace has Services.`;
  throw new LabError('bad_request', text, { extra: { field: 'service' } });
}

function placeOf(...parts: readonly (string | number)[]): string {
  return createHash('sha256').update(parts.join(' ')).digest('base64url').slice(0, 16);
}
