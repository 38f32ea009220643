/** All that sandboxes have in the cluster, by label alone: whoever made it, and however far they came. */
import { setTimeout as delay } from 'node:timers/promises';
import type { V1Namespace, V1PersistentVolume } from '@kubernetes/client-node';
import { LabError } from '../../lab/errors.ts';
import type { SandboxDriver } from '../../lab/ports.ts';
import { annotation, label, selectorOf } from './labels.ts';
import type { Cluster } from './types.ts';

export interface Belongings {
  list: SandboxDriver['list'];
  namespacesOf(sandboxId: string, signal: AbortSignal): Promise<readonly V1Namespace[]>;
  /**
   * Its namespaces; returns when they are gone. Throws LabError `backend_unavailable` when the cluster does not let go of
   * one, with what holds it.
   */
  remove(sandboxId: string, signal: AbortSignal): Promise<void>;
  /** Lets go of what all of its labs share; the cluster takes it away in a while. */
  removeShared(signal: AbortSignal): Promise<void>;
}

/** The cluster itself takes five seconds at least. */
const patienceMs = 90_000;
const lookEveryMs = 500;

/** @param patience milliseconds that a removal may take. */
export function createBelongings(
  cluster: Cluster,
  installationId: string,
  patience = patienceMs,
): Belongings {
  const found = <T extends object>(kind: string, selector: string, signal: AbortSignal) =>
    cluster.list<T>({ apiVersion: 'v1', kind, selector }, signal);

  const namespacesOf = (sandboxId: string, signal: AbortSignal) =>
    found<V1Namespace>('Namespace', selectorOf(installationId, sandboxId), signal);

  async function begin({ metadata }: V1Namespace, signal: AbortSignal): Promise<void> {
    if (metadata?.deletionTimestamp) return;
    const name = metadata?.name ?? '';
    await cluster.remove({ apiVersion: 'v1', kind: 'Namespace', name }, {}, signal);
  }

  return {
    async list(signal) {
      const first = new Map<string, number>();
      const selector = `${selectorOf(installationId)},${label.sandbox}`;
      const all = await Promise.all([
        found<V1Namespace>('Namespace', selector, signal),
        found<V1PersistentVolume>('PersistentVolume', selector, signal),
      ]);
      for (const { metadata } of all.flat()) {
        const sandboxId = metadata?.annotations?.[annotation.sandboxId];
        if (!sandboxId) continue;
        const said = metadata?.annotations?.[annotation.createdAt] ?? metadata?.creationTimestamp;
        const made = new Date(said ?? Date.now()).getTime() || Date.now();
        first.set(sandboxId, Math.min(made, first.get(sandboxId) ?? made));
      }
      return [...first].map(([sandboxId, made]) => ({ sandboxId, createdAt: new Date(made) }));
    },
    namespacesOf,
    async remove(sandboxId, signal) {
      const until = performance.now() + patience;
      for (;;) {
        const left = await namespacesOf(sandboxId, signal);
        const [one] = left;
        if (one === undefined) return;
        await Promise.all(left.map((namespace) => begin(namespace, signal)));
        if (performance.now() >= until) throw stuck(one);
        await delay(lookEveryMs, undefined, { signal });
      }
    },
    async removeShared(signal) {
      const all = await found<V1Namespace>('Namespace', selectorOf(installationId), signal);
      const shared = all.filter(({ metadata }) => metadata?.labels?.[label.sandbox] === undefined);
      await Promise.all(shared.map((namespace) => begin(namespace, signal)));
    },
  };
}

/** Conditions of a namespace that tell why it is not gone yet; discovery may fail for an API that has nothing in it. */
const telling = [
  'NamespaceFinalizersRemaining',
  'NamespaceContentRemaining',
  'NamespaceDeletionContentFailure',
];

function stuck({ metadata, status }: V1Namespace): LabError {
  const reasons = (status?.conditions ?? [])
    .filter(({ type, status: isTrue }) => telling.includes(type) && isTrue === 'True')
    .sort((a, b) => telling.indexOf(a.type) - telling.indexOf(b.type))
    .map(({ message = '' }) => message);
  const finalizers = metadata?.finalizers ?? [];
  const own = finalizers.length === 0 ? [] : [`its own finalizers are left: ${finalizers.join(', ')}`];
  const why = [...reasons, ...own].join('; ') || 'the cluster does not say why';
  return new LabError(
    'backend_unavailable',
    `The namespace ${metadata?.name} is not gone: ${why}. What set a finalizer must take it away; it is tried again.`,
    { extra: { reason: 'stuck' }, retryAfterSeconds: 30 },
  );
}
