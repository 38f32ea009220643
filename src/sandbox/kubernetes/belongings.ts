/** All that sandboxes have in the cluster, by label alone: whoever made it, and however far they came. */
import { setTimeout as delay } from 'node:timers/promises';
import type { V1Namespace, V1PersistentVolume } from '@kubernetes/client-node';
import { LabError } from '../../lab/errors.ts';
import type { SandboxDriver } from '../../lab/ports.ts';
import { annotation, label, selectorOf } from './labels.ts';
import type { Cluster } from './types.ts';

export interface Belongings {
  list: SandboxDriver['list'];
  /**
   * Returns when all of it is gone. Throws LabError `backend_unavailable` when the cluster does not let go of it, with
   * what holds it.
   */
  remove(sandboxId: string, signal: AbortSignal): Promise<void>;
}

/** The cluster itself takes five seconds at least. */
const patienceMs = 90_000;
const lookEveryMs = 500;

type Found = V1Namespace | V1PersistentVolume;

/** @param patience milliseconds that a removal may take. */
export function createBelongings(
  cluster: Cluster,
  installationId: string,
  patience = patienceMs,
): Belongings {
  async function found(selector: string, signal: AbortSignal): Promise<readonly Found[]> {
    const [namespaces, volumes] = await Promise.all([
      cluster.list<V1Namespace>({ apiVersion: 'v1', kind: 'Namespace', selector }, signal),
      cluster.list<V1PersistentVolume>({ apiVersion: 'v1', kind: 'PersistentVolume', selector }, signal),
    ]);
    return [...namespaces, ...volumes];
  }

  async function begin({ kind, metadata }: Found, signal: AbortSignal): Promise<void> {
    if (metadata?.deletionTimestamp) return;
    const object = { apiVersion: 'v1', kind: kind ?? '', name: metadata?.name ?? '' };
    await cluster.remove(object, {}, signal);
  }

  return {
    async list(signal) {
      const first = new Map<string, number>();
      const selector = `${selectorOf(installationId)},${label.sandbox}`;
      for (const { metadata } of await found(selector, signal)) {
        const sandboxId = metadata?.annotations?.[annotation.sandboxId];
        if (!sandboxId) continue;
        const said = metadata?.annotations?.[annotation.createdAt] ?? metadata?.creationTimestamp;
        const made = new Date(said ?? Date.now()).getTime() || Date.now();
        first.set(sandboxId, Math.min(made, first.get(sandboxId) ?? made));
      }
      return [...first].map(([sandboxId, made]) => ({ sandboxId, createdAt: new Date(made) }));
    },
    async remove(sandboxId, signal) {
      const until = performance.now() + patience;
      for (;;) {
        const left = await found(selectorOf(installationId, sandboxId), signal);
        const [one] = left;
        if (one === undefined) return;
        await Promise.all(left.map((object) => begin(object, signal)));
        if (performance.now() >= until) throw stuck(one);
        await delay(lookEveryMs, undefined, { signal });
      }
    },
  };
}

/** Conditions of a namespace that tell why it is not gone yet; discovery may fail for an API that has nothing in it. */
const telling = [
  'NamespaceFinalizersRemaining',
  'NamespaceContentRemaining',
  'NamespaceDeletionContentFailure',
];

function stuck({ kind, metadata, status }: Found): LabError {
  const conditions = status !== undefined && 'conditions' in status ? (status.conditions ?? []) : [];
  const reasons = conditions
    .filter(({ type, status: isTrue }) => telling.includes(type) && isTrue === 'True')
    .sort((a, b) => telling.indexOf(a.type) - telling.indexOf(b.type))
    .map(({ message = '' }) => message);
  const finalizers = metadata?.finalizers ?? [];
  const own = finalizers.length === 0 ? [] : [`its own finalizers are left: ${finalizers.join(', ')}`];
  const why = [...reasons, ...own].join('; ') || 'the cluster does not say why';
  const what = `${kind === 'Namespace' ? 'namespace' : 'volume'} ${metadata?.name}`;
  return new LabError(
    'backend_unavailable',
    `The ${what} is not gone: ${why}. What set a finalizer must take it away; it is tried again.`,
    { extra: { reason: 'stuck' }, retryAfterSeconds: 30 },
  );
}
