/** What the tests see of pods, and do in them, as operators of the cluster. */
import { setTimeout as delay } from 'node:timers/promises';
import type { V1Pod } from '@kubernetes/client-node';
import type { OwnCluster } from '../../../src/sandbox/kubernetes/client.ts';
import { createPodExec } from '../../../src/sandbox/kubernetes/exec/pod-exec.ts';
import type { PodExec } from '../../../src/sandbox/kubernetes/types.ts';

export interface PodPlace {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

export type Pods = ReturnType<typeof createPods>;

export function createPods(cluster: OwnCluster) {
  const exec = createPodExec(cluster.config);

  function find(namespace: string, name: string, signal: AbortSignal): Promise<V1Pod | null> {
    return cluster.read<V1Pod>({ apiVersion: 'v1', kind: 'Pod', namespace, name }, signal);
  }

  async function reach(
    namespace: string,
    name: string,
    phases: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    for (;;) {
      const phase = (await find(namespace, name, signal))?.status?.phase ?? '';
      if (phases.includes(phase)) return;
      await delay(300, undefined, { signal });
    }
  }

  return {
    find,
    reach,
    run: (at: PodPlace, script: string, signal: AbortSignal) => printedBy(exec, at, script, signal),
    async printed(namespace: string, name: string, signal: AbortSignal): Promise<string> {
      await reach(namespace, name, ['Succeeded', 'Failed'], signal);
      return cluster.podLog({ namespace, pod: name, container: 'main' }, {}, signal);
    },
  };
}

/** All that a script prints in a container, errors too. */
export async function printedBy(
  exec: PodExec,
  at: PodPlace,
  script: string,
  signal: AbortSignal,
): Promise<string> {
  const program = await exec.open(at, ['sh', '-c', script], { stdin: false }, signal);
  let text = '';
  program.onError((bytes) => {
    text += bytes.toString();
  });
  for await (const bytes of program.stream) text += String(bytes);
  return text;
}
