/** Which change of a pod means that a component stopped by itself. Pure. */
import type { V1Pod } from '@kubernetes/client-node';
import { annotation, readMeta } from './labels.ts';

/** The sandbox whose component ended, is not ready any more, was started again or is gone; null: nothing of the kind. */
export function isTrouble(before: V1Pod | null, now: V1Pod | null): string | null {
  // What has just come may be on its way up still.
  if (before === null) return null;
  const owner = readMeta(before.metadata);
  if (owner === null || owner.role === 'job') return null;
  // Told once, when its end began.
  if (before.metadata?.deletionTimestamp) return null;
  const ended =
    now === null ||
    now.metadata?.deletionTimestamp !== undefined ||
    restartsOf(now) > restartsOf(before) ||
    (wasRunning(before) && !wasRunning(now)) ||
    (isReady(before) && !isReady(now) && !isMeant(now));
  return ended ? owner.sandboxId : null;
}

/** Its program was ended or is held by us. */
const isMeant = ({ metadata }: V1Pod) => metadata?.annotations?.[annotation.state] !== undefined;

const wasRunning = (pod: V1Pod) => pod.status?.phase === 'Running';

const isReady = (pod: V1Pod) =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;

const restartsOf = (pod: V1Pod) =>
  (pod.status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);
