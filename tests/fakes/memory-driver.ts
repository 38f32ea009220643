/**
 * A backend without resources: strict about what the port promises, with pauses and faults for simulations. It holds
 * the lifecycle part of the driver contract; it cannot exec or dial, and says so.
 */
import { LabError } from '../../src/lab/errors.ts';
import type { SandboxObservation } from '../../src/lab/lab.ts';
import type { SandboxDriver, SandboxPlan } from '../../src/lab/ports.ts';
import type { ComponentSpec } from '../../src/templates/types.ts';

interface MadeComponent {
  readonly generation: number;
  broken: boolean;
}

/** What stands in the world, whoever made it: shared by all simulated workers. */
export class MemoryBackend {
  readonly sandboxes = new Map<
    string,
    { readonly createdAt: Date; readonly components: Map<string, MadeComponent> }
  >();

  /** Breaks a component from outside, as a crash of it would; false when there is none. */
  break(sandboxId: string, component: string): boolean {
    const found = this.sandboxes.get(sandboxId)?.components.get(component);
    if (found === undefined) return false;
    found.broken = true;
    return true;
  }
}

/** Programs start fresh. */
function holdsData({ kind }: ComponentSpec): boolean {
  return kind === 'postgres' || kind === 'shell';
}

export interface MemoryDriverOptions {
  readonly backend: MemoryBackend;
  readonly now: () => Date;
  /** Awaited before and after each effect. */
  readonly pause?: () => Promise<void>;
  /** Asked before and after each effect; true makes the call fail there. */
  readonly fails?: () => boolean;
  /** Told of each destroy before it happens, for invariants. */
  readonly onDestroy?: (sandboxId: string) => void;
}

export function createMemoryDriver(options: MemoryDriverOptions): SandboxDriver {
  const { backend, now, pause = () => Promise.resolve(), fails = () => false, onDestroy } = options;

  async function effect<T>(signal: AbortSignal, change: () => T): Promise<T> {
    await pause();
    signal.throwIfAborted();
    if (fails()) throw new LabError('backend_unavailable', 'the backend failed before the effect');
    const result = change();
    await pause();
    if (fails()) throw new LabError('backend_unavailable', 'the backend failed after the effect');
    return result;
  }

  function make(plan: SandboxPlan, name: string): void {
    const wanted = plan.components[name];
    if (wanted === undefined) throw new LabError('component_not_found', `no component ${name}`);
    const sandbox = backend.sandboxes.get(plan.sandboxId) ?? { createdAt: now(), components: new Map() };
    backend.sandboxes.set(plan.sandboxId, sandbox);
    for (const used of wanted.spec.uses) {
      const other = sandbox.components.get(used);
      if (other === undefined || other.broken)
        throw new LabError('start_failed', `${name} uses ${used}, which is down`);
    }
    const present = sandbox.components.get(name);
    const cloned = plan.origin?.components[name];
    if (present === undefined && wanted.generation === 1 && cloned !== undefined && holdsData(wanted.spec)) {
      const from = backend.sandboxes.get(plan.origin?.sandboxId ?? '')?.components.get(name);
      if (from === undefined)
        throw new LabError('start_failed', `${name} has nothing left to be cloned from`);
    }
    // A stale caller with an older plan changes nothing.
    if (present !== undefined && present.generation > wanted.generation) return;
    sandbox.components.set(name, { generation: wanted.generation, broken: false });
  }

  function look(plan: SandboxPlan): SandboxObservation {
    const found = backend.sandboxes.get(plan.sandboxId)?.components ?? new Map<string, MadeComponent>();
    return {
      components: Object.fromEntries(
        [...found].map(([name, { generation, broken }]) => [
          name,
          { state: broken ? 'broken' : 'running', generation, detail: broken ? 'it stopped' : null },
        ]),
      ),
    };
  }

  const cannot = (): never => {
    throw new LabError('backend_unavailable', 'the memory backend holds no real component');
  };

  return {
    name: 'process',
    capabilities: { isolation: false },
    namespaces: null,
    prepare: async () => {},
    lacks: () => [],
    ensure: (plan, component, signal) => effect(signal, () => make(plan, component)),
    observe: (plan, signal) => effect(signal, () => look(plan)),
    access: cannot,
    dial: async () => cannot(),
    exec: async () => cannot(),
    terminal: async () => cannot(),
    stop: (plan, component, signal) =>
      effect(signal, () => {
        const spec = plan.components[component]?.spec;
        // Files cost nothing.
        if (spec !== undefined && spec.kind !== 'shell') backend.break(plan.sandboxId, component);
      }),
    kill: (plan, component, kind, signal) =>
      effect(signal, () => {
        if (kind === 'KILL' || kind === 'TERM') backend.break(plan.sandboxId, component);
      }),
    resetStatistics: async () => cannot(),
    readLog: async () => cannot(),
    readFiles: async () => cannot(),
    writeFile: async () => cannot(),
    destroy: (sandboxId, signal) =>
      effect(signal, () => {
        onDestroy?.(sandboxId);
        backend.sandboxes.delete(sandboxId);
      }),
    prune: async () => {},
    list: (signal) =>
      effect(signal, () =>
        [...backend.sandboxes].map(([sandboxId, { createdAt }]) => ({ sandboxId, createdAt })),
      ),
    onTrouble: () => {},
    close: async () => {},
  };
}
