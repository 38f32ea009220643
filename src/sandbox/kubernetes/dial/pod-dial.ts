/** Connections into pods, by the way that Labwright's own place allows. */
import type { KubeConfig, V1Pod } from '@kubernetes/client-node';
import type { PodDial } from '../types.ts';
import { dialError } from './dial-error.ts';
import { dialDirect } from './direct.ts';
import { portForward } from './port-forward.ts';

export interface PodDialOptions {
  readonly config: KubeConfig;
  /** `direct`: Labwright runs in the cluster, and policies admit it. */
  readonly way: 'direct' | 'port-forward';
  /** For its address; null: absent. */
  readonly podOf: (namespace: string, pod: string, signal: AbortSignal) => Promise<V1Pod | null>;
}

export function createPodDial({ config, way, podOf }: PodDialOptions): PodDial {
  return {
    async dial(namespace, pod, port, signal) {
      signal.throwIfAborted();
      if (way === 'port-forward') return portForward(config, { namespace, pod, port }, signal);
      const address = (await podOf(namespace, pod, signal))?.status?.podIP;
      if (address === undefined) throw dialError('no_such_name', pod, port);
      return dialDirect({ address, name: pod, port }, signal);
    },
  };
}
