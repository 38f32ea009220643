/** Pods by where they are. What is older than what is known is ignored, from wherever it comes. */
import type { V1Pod } from '@kubernetes/client-node';

export interface PodChange {
  /** Null: it is new. */
  readonly before: V1Pod | null;
  /** Null: it is gone. */
  readonly now: V1Pod | null;
}

export interface PodStore {
  of(namespace: string): readonly V1Pod[];
  put(pod: V1Pod): void;
  forget(pod: V1Pod): void;
  /** All that there are at that version, of all namespaces or of one; what was learned since then stays. */
  replace(pods: readonly V1Pod[], resourceVersion: string, namespace?: string): void;
  /** Resolves at the next change in this namespace, or after `withinMs`. Throws the signal's reason. */
  changed(namespace: string, withinMs: number, signal: AbortSignal): Promise<void>;
}

/** An answer about a pod may come after the news that it is gone. */
const goneForMs = 60_000;

export function createPodStore(onChange: (change: PodChange) => void): PodStore {
  const spaces = new Map<string, Map<string, V1Pod>>();
  const gone = new Map<string, NodeJS.Timeout>();
  const waiting = new Map<string, Set<() => void>>();

  function tell(namespace: string, change: PodChange): void {
    onChange(change);
    const woken = waiting.get(namespace);
    waiting.delete(namespace);
    for (const wake of woken ?? []) wake();
  }

  function put(pod: V1Pod): void {
    const { namespace = '', name = '', uid = '' } = pod.metadata ?? {};
    const space = spaces.get(namespace) ?? new Map<string, V1Pod>();
    const before = space.get(name) ?? null;
    if (gone.has(uid) || (before !== null && versionOf(pod) <= versionOf(before))) return;
    spaces.set(namespace, space.set(name, withoutManagers(pod)));
    // One of the same name that was made anew is another.
    const isSame = before?.metadata?.uid === uid;
    tell(namespace, { before: isSame ? before : null, now: pod });
  }

  function forget({ metadata: { namespace = '', name = '', uid = '' } = {} }: V1Pod): void {
    clearTimeout(gone.get(uid));
    gone.set(uid, setTimeout(() => gone.delete(uid), goneForMs).unref());
    const space = spaces.get(namespace);
    const before = space?.get(name);
    if (before === undefined || before.metadata?.uid !== uid) return;
    space?.delete(name);
    if (space?.size === 0) spaces.delete(namespace);
    tell(namespace, { before, now: null });
  }

  return {
    of: (namespace) => [...(spaces.get(namespace)?.values() ?? [])],
    put,
    forget,
    replace(pods, resourceVersion, namespace) {
      const there = new Set(pods.map(({ metadata }) => metadata?.uid));
      const known = namespace === undefined ? [...spaces.values()] : [spaces.get(namespace) ?? new Map()];
      for (const pod of known.flatMap((space) => [...space.values()])) {
        const isOlder = versionOf(pod) <= BigInt(resourceVersion);
        if (isOlder && !there.has(pod.metadata?.uid)) forget(pod);
      }
      for (const pod of pods) put(pod);
    },
    changed(namespace, withinMs, signal) {
      return new Promise<void>((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const all = waiting.get(namespace) ?? new Set();
        waiting.set(namespace, all.add(done));
        const timer = setTimeout(done, withinMs);
        signal.addEventListener('abort', done, { once: true });
        function done(): void {
          clearTimeout(timer);
          signal.removeEventListener('abort', done);
          all.delete(done);
          if (all.size === 0 && waiting.get(namespace) === all) waiting.delete(namespace);
          if (signal.aborted) reject(signal.reason);
          else resolve();
        }
      });
    },
  };
}

/** Versions of one kind in one cluster are numbers that grow. */
function versionOf({ metadata }: V1Pod): bigint {
  return BigInt(metadata?.resourceVersion || 0);
}

/** Half of what an object is, and of no use here. */
function withoutManagers(pod: V1Pod): V1Pod {
  const { managedFields, ...metadata } = pod.metadata ?? {};
  return { ...pod, metadata };
}
