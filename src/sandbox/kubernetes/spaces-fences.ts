/**
 * What makes a lab's pods reachable by name, and what keeps them apart, looked at now and then: nobody would notice that
 * somebody deleted it by hand.
 */
import type { V1Service } from '@kubernetes/client-node';
import type { SandboxPlan } from '../../lab/ports.ts';
import { pieceOf } from '../part.ts';
import { componentMeta, label, selectorOf } from './labels.ts';
import { labelValue } from './names.ts';
import type { NetworkPolicy } from './policies.ts';
import type { Cluster, Spaces } from './types.ts';

export interface Fences {
  /**
   * Which of these components, which serve, have lost their Service: one that is yet to be made has none. Policies that
   * are gone are made again. Free for a while after it was looked.
   */
  look(plan: SandboxPlan, serving: readonly string[], signal: AbortSignal): Promise<readonly string[]>;
  /** Makes a Service again that was seen to be gone. */
  restore(plan: SandboxPlan, component: string, signal: AbortSignal): Promise<void>;
  forget(sandboxId: string): void;
}

export interface FencesNeeds {
  readonly cluster: Cluster;
  readonly spaces: Spaces;
  readonly installationId: string;
  /** Names of the policies that a sandbox has. */
  readonly policiesOf: (plan: SandboxPlan) => readonly string[];
  /** Milliseconds between two looks at one sandbox. */
  readonly everyMs: number;
}

interface Seen {
  readonly until: number;
  readonly gone: ReadonlySet<string>;
}

export function createFences(needs: FencesNeeds): Fences {
  const { cluster, spaces, installationId, policiesOf, everyMs } = needs;
  const seen = new Map<string, Seen>();

  async function look(
    plan: SandboxPlan,
    serving: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>> {
    const namespace = spaces.controlOf(plan.sandboxId);
    const policies = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', namespace };
    const services = { apiVersion: 'v1', kind: 'Service', namespace };
    const selector = selectorOf(installationId, plan.sandboxId);
    const [fences, names] = await Promise.all([
      cluster.list<NetworkPolicy>(policies, signal),
      cluster.list<V1Service>({ ...services, selector }, signal),
    ]);
    const there = new Set(fences.map(({ metadata }) => metadata.name));
    if (policiesOf(plan).some((name) => !there.has(name))) {
      spaces.distrust(plan.sandboxId);
      await spaces.ensure(plan, signal);
    }
    const named = new Set(names.map(({ metadata }) => metadata?.name));
    const own = serving.filter((name) => plan.components[name]?.spec.kind !== 'namespace');
    return new Set(own.filter((name) => !named.has(name)));
  }

  return {
    async look(plan, serving, signal) {
      const known = seen.get(plan.sandboxId);
      if (known !== undefined && known.gone.size === 0 && performance.now() < known.until) return [];
      const gone = await look(plan, serving, signal);
      seen.set(plan.sandboxId, { gone, until: performance.now() + everyMs });
      return [...gone];
    },
    async restore(plan, component, signal) {
      if (seen.get(plan.sandboxId)?.gone.has(component) !== true) return;
      const { ref } = pieceOf(plan, component);
      const facts = { ...ref, role: 'component', createdAt: new Date() } as const;
      const { labels, annotations } = componentMeta(installationId, facts);
      const { [label.generation]: generation, ...all } = labels;
      const namespace = spaces.controlOf(ref.sandboxId);
      const service = {
        ...{ apiVersion: 'v1', kind: 'Service' },
        metadata: { name: component, namespace, labels: all, annotations },
        spec: {
          // Its name leads to the pod itself, whatever it listens on.
          clusterIP: 'None',
          publishNotReadyAddresses: true,
          selector: {
            [label.component]: labelValue(component),
            [label.generation]: generation,
            [label.role]: 'component',
          },
        },
      };
      // One that was made meanwhile is as good.
      await cluster.create(service, signal);
    },
    forget: (sandboxId) => void seen.delete(sandboxId),
  };
}
