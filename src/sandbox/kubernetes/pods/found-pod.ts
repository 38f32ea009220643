/** What the cluster says of a pod, in our words. Pure. */
import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import type { ContainerState, FoundContainer } from '../../containers/types.ts';
import { annotation, readMeta } from '../labels.ts';
import { mainContainer } from './pod-objects.ts';

/** Of a container: its namespace and its pod. */
export interface PodAt {
  readonly namespace: string;
  readonly pod: string;
}

export const idOf = ({ namespace, pod }: PodAt): string => `${namespace}/${pod}`;

export function placeOf(id: string): PodAt {
  const [namespace = '', pod = ''] = id.split('/');
  return { namespace, pod };
}

/** Null: it is not ours, or is going. */
export function foundPod(pod: V1Pod): FoundContainer | null {
  const facts = readMeta(pod.metadata);
  if (facts === null || pod.metadata?.deletionTimestamp) return null;
  const { namespace = '', name = '' } = pod.metadata ?? {};
  return { id: idOf({ namespace, pod: name }), name, ...facts, state: stateOf(pod), attached: true };
}

/** Whether the program of a pod whose container runs has ended by itself is not told here: see `Containers.ending`. */
function stateOf(pod: V1Pod): ContainerState {
  const phase = pod.status?.phase ?? 'Pending';
  if (phase === 'Succeeded' || phase === 'Failed') return 'exited';
  const state = mainStatus(pod)?.state;
  if (state?.terminated !== undefined) return 'exited';
  if (state?.running === undefined) return 'created';
  switch (pod.metadata?.annotations?.[annotation.state]) {
    case 'ended':
      return 'exited';
    case 'held':
      return 'paused';
    case 'unfilled':
      return 'created';
    default:
      return 'running';
  }
}

export const mainStatus = (pod: V1Pod): V1ContainerStatus | undefined =>
  pod.status?.containerStatuses?.find(({ name }) => name === mainContainer);

export const runs = (pod: V1Pod): boolean =>
  (pod.status?.containerStatuses?.length ?? 0) > 0 &&
  pod.status?.containerStatuses?.every(({ state }) => state?.running !== undefined) === true;

const hopeless =
  /^(ErrImagePull|ImagePullBackOff|ErrImageNeverPull|InvalidImageName|CreateContainerError|CreateContainerConfigError|RunContainerError)$/;

/** Why none of its containers will run without somebody's doing: of the image, of its user; null: nothing is known. */
export function startTrouble(pod: V1Pod): { readonly reason: string; readonly message: string } | null {
  for (const { state, image } of pod.status?.containerStatuses ?? []) {
    const { reason = '', message = '' } = state?.waiting ?? {};
    if (/Image/.test(reason) && hopeless.test(reason)) {
      return { reason, message: missingImage(image, message || reason) };
    }
    if (hopeless.test(reason)) return { reason, message: message || reason };
  }
  return null;
}

const missingImage = (image: string, said: string) =>
  `no node could get the image ${image}; put it into a registry that nodes can pull from, or load it into each of them ` +
  `(${said.trim().slice(0, 300)})`;

/** Why no node takes it; null: one does, or that is not known yet. */
export function unschedulable(pod: V1Pod): string | null {
  const said = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  return said?.status === 'False' && said.reason === 'Unschedulable'
    ? (said.message ?? 'no node takes it')
    : null;
}

/** Why it ended, of a container whose process 1 is the program itself, or of a pod that its node gave up. */
export function endingOfPod(pod: V1Pod): string | null {
  const { status } = pod;
  if (status?.reason === 'Evicted') return `was ended by its node: ${status.message ?? 'it took too much'}`;
  const terminated = mainStatus(pod)?.state?.terminated;
  if (terminated !== undefined) {
    if (terminated.reason === 'OOMKilled') return 'was ended: it took more than its memory';
    if (terminated.reason === 'ContainerCannotRun' || terminated.reason === 'StartError') {
      return `cannot be started: ${terminated.message ?? terminated.reason}`;
    }
    return `ended with exit code ${terminated.exitCode}`;
  }
  return status?.phase === 'Failed'
    ? `has failed: ${status.message ?? status.reason ?? 'its node lost it'}`
    : null;
}
