/** The namespaces of sandboxes: made whole before anything is put into them, and made whole again. */
import { createHash } from 'node:crypto';
import type { V1Namespace } from '@kubernetes/client-node';
import { LabError } from '../../lab/errors.ts';
import type { SandboxPlan } from '../../lab/ports.ts';
import { annotation } from './labels.ts';
import { createNames } from './names.ts';
import type { OwnPlace } from './options.ts';
import type { ApiServer, PolicyNeeds } from './policies.ts';
import { controlObjects, type SpaceObjects, sharedObjects } from './spaces-objects.ts';
import type { Cluster, Spaces } from './types.ts';

export interface SpacesNeeds {
  readonly cluster: Cluster;
  readonly installationId: string;
  readonly own: OwnPlace | null;
}

/** So long it is believed that a namespace that is there still has all of its contents. */
const trustedMs = 60_000;

export function createSpaces({ cluster, installationId, own }: SpacesNeeds): Spaces {
  const names = createNames(installationId);
  const underway = new Map<string, Promise<void>>();
  const trusted = new Map<string, { readonly hash: string; readonly until: number }>();

  async function needsOf(plan: SandboxPlan | null, signal: AbortSignal): Promise<PolicyNeeds> {
    const specs = Object.values(plan?.components ?? {}).map(({ spec }) => spec);
    const withApi = specs.some((spec) => spec.kind === 'shell' && (spec.kubeconfig ?? []).length > 0);
    const apiServers = withApi ? await readApiServers(cluster, signal) : [];
    return { installationId, names, own, apiServers };
  }

  async function makeWhole({ namespace, contents }: SpaceObjects, signal: AbortSignal): Promise<void> {
    const name = namespace.metadata?.name ?? '';
    const hash = hashOf([namespace.metadata?.labels, contents]);
    const there = await cluster.read<V1Namespace>(ofNamespace(name), signal);
    if (there?.status?.phase === 'Terminating' || there?.metadata?.deletionTimestamp) {
      const text = `The namespace ${name} is being removed; the lab waits until it is gone.`;
      throw new LabError('backend_unavailable', text, { retryAfterSeconds: 5 });
    }
    const known = trusted.get(name);
    if (there !== null && known?.hash === hash && performance.now() < known.until) return;
    // When it was made stays as it was said first.
    const first = there?.metadata?.annotations?.[annotation.createdAt];
    const annotations = {
      ...namespace.metadata?.annotations,
      ...(first ? { [annotation.createdAt]: first } : {}),
    };
    await cluster.apply({ ...namespace, metadata: { ...namespace.metadata, annotations } }, signal);
    await Promise.all(contents.map((object) => cluster.apply(object, signal)));
    trusted.set(name, { hash, until: performance.now() + trustedMs });
  }

  /** Those who come while it is being made wait for the same. */
  async function once(name: string, work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    for (;;) {
      const same = underway.get(name);
      if (same === undefined) break;
      try {
        return await same;
      } catch (thrown) {
        signal.throwIfAborted();
        // The other caller gave up; that is no reason for this one to.
        if ((thrown as Error).name !== 'AbortError') throw thrown;
      }
    }
    const done = work();
    underway.set(name, done);
    try {
      await done;
    } finally {
      underway.delete(name);
    }
  }

  return {
    controlOf: names.controlOf,
    traineeOf: names.traineeOf,
    shared: names.shared,
    distrust: (sandboxId) => void trusted.delete(names.controlOf(sandboxId)),
    ensure(plan, signal) {
      const work = async () =>
        makeWhole(controlObjects(plan, await needsOf(plan, signal), new Date()), signal);
      return once(names.controlOf(plan.sandboxId), work, signal);
    },
    ensureShared(signal) {
      const work = async () => makeWhole(sharedObjects(await needsOf(null, signal), new Date()), signal);
      return once(names.shared, work, signal);
    },
  };
}

/** Where the cluster's API listens behind its Service: policies see a connection after it was led there. */
async function readApiServers(cluster: Cluster, signal: AbortSignal): Promise<readonly ApiServer[]> {
  const slices = await cluster.list<{
    readonly endpoints?: readonly { readonly addresses: readonly string[] }[];
    readonly ports?: readonly { readonly port?: number }[];
  }>(
    {
      ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespace: 'default' },
      selector: 'kubernetes.io/service-name=kubernetes',
    },
    signal,
  );
  return slices.flatMap(({ endpoints = [], ports = [] }) =>
    endpoints.flatMap(({ addresses }) =>
      addresses.flatMap((ip) => ports.map(({ port = 443 }) => ({ ip, port }))),
    ),
  );
}

const ofNamespace = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', name });

const hashOf = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex');
