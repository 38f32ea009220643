/**
 * All pods of this installation, as a watch tells of them. While the watch is away they are asked for, so that nothing is
 * believed to be as it was; every few minutes all are listed anew, in case that something was missed.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { V1Pod } from '@kubernetes/client-node';
import type { Log } from '../../lab/log.ts';
import type { OwnCluster, WatchEvent } from './client.ts';
import { selectorOf } from './labels.ts';
import { createPodStore } from './pod-cache-store.ts';
import { isTrouble } from './pod-cache-trouble.ts';
import type { PodCache } from './types.ts';

export interface PodCacheNeeds {
  readonly cluster: OwnCluster;
  readonly installationId: string;
  readonly log: Log;
}

const relistMs = 300_000;
/** The API tells something every minute, if only how far it is; a connection that is silent for longer is dead. */
const silenceMs = 100_000;
const reconnectMs = [0, 500, 1_000, 2_000, 5_000, 10_000];

/** Watches from now on. */
export function createPodCache({ cluster, installationId, log }: PodCacheNeeds): PodCache {
  const pods = { apiVersion: 'v1', kind: 'Pod', selector: selectorOf(installationId) } as const;
  const closing = new AbortController();
  const handlers = new Set<(sandboxId: string) => void>();
  const store = createPodStore(({ before, now }) => {
    const sandboxId = isTrouble(before, now);
    if (sandboxId !== null) for (const handler of handlers) handler(sandboxId);
  });
  /** False: what is in the store may be long past. */
  let isLive = false;

  /** Ends when it is time to list anew. */
  async function follow(from: string): Promise<void> {
    const until = performance.now() + relistMs;
    let resourceVersion = from;
    while (performance.now() < until && !closing.signal.aborted) {
      const silence = new AbortController();
      const timer = setTimeout(() => silence.abort(new Error('the watch is silent')), silenceMs).unref();
      try {
        const signal = AbortSignal.any([closing.signal, silence.signal]);
        for await (const event of cluster.watch({ ...pods, resourceVersion }, signal)) {
          timer.refresh();
          resourceVersion = take(event);
          if (performance.now() >= until) return;
        }
      } finally {
        clearTimeout(timer);
      }
    }
  }

  function take({ type, object }: WatchEvent): string {
    const pod = object as V1Pod;
    if (type === 'DELETED') store.forget(pod);
    else if (type !== 'BOOKMARK') store.put(pod);
    return pod.metadata?.resourceVersion ?? '';
  }

  async function run(): Promise<void> {
    for (let losses = 0; !closing.signal.aborted; ) {
      try {
        const { items, resourceVersion } = await cluster.listed<V1Pod>(pods, closing.signal);
        store.replace(items, resourceVersion);
        isLive = true;
        losses = 0;
        await follow(resourceVersion);
      } catch (err) {
        isLive = false;
        if (closing.signal.aborted) return;
        if (losses === 1)
          log.warn({ backend: 'kubernetes', err }, 'The cluster tells of no pods at the moment.');
        const ms = reconnectMs[Math.min(losses++, reconnectMs.length - 1)];
        await delay(ms, undefined, { signal: closing.signal, ref: false }).catch(() => {});
      }
    }
  }
  const running = run();

  return {
    async of(namespace, signal) {
      if (!isLive) {
        const { items, resourceVersion } = await cluster.listed<V1Pod>({ ...pods, namespace }, signal);
        store.replace(items, resourceVersion, namespace);
      }
      return store.of(namespace);
    },
    learn: store.put,
    changed: store.changed,
    onTrouble: (handler) => void handlers.add(handler),
    async close() {
      closing.abort();
      await running;
    },
  };
}
