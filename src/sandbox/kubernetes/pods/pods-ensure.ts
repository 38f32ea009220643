/** Makes a pod run: new, half-made, ended, held, or given up by its node. */
import type { V1Pod } from '@kubernetes/client-node';
import { LabError } from '../../../lab/errors.ts';
import type { FoundContainer } from '../../containers/types.ts';
import { label } from '../labels.ts';
import { labelValue } from '../names.ts';
import type { Cluster, PodCache } from '../types.ts';
import { endingOfPod, foundPod, mainStatus, runs, startTrouble, unschedulable } from './found-pod.ts';
import { type PodContext, podObjects } from './pod-objects.ts';
import type { PodSpec } from './pod-spec.ts';

export interface EnsureNeeds {
  readonly cluster: Cluster;
  readonly cache: PodCache;
  readonly context: Pick<PodContext, 'installationId' | 'storageClass' | 'runtimeClass'>;
}

export interface EnsurePod {
  /** Asks for its pod where nothing of the component is there, and waits for nothing. */
  early(spec: PodSpec, at: { namespace: string; name: string }, signal: AbortSignal): Promise<void>;
  /** As `found`, once its containers run; null where the pod's program is at its end and will not be started again. */
  ensure(spec: PodSpec, at: { namespace: string; name: string }, signal: AbortSignal): Promise<Made>;
  /** Waits until it is not there any more. */
  gone(namespace: string, name: string, uid: string | undefined, signal: AbortSignal): Promise<void>;
}

export interface Made {
  readonly found: FoundContainer;
  readonly pod: V1Pod;
  /** False: it ran before, and may have ended. */
  readonly isNew: boolean;
}

/** A cluster that adds nodes at need takes minutes; one that is full is told of sooner. */
const roomWithinMs = 60_000;
const runsWithinMs = 120_000;
/** A busy node fails to make a container, and makes it the next time. */
const troubleForMs = 20_000;
/** A node that is lost says of no pod that it has ended: from then on it is not waited for. */
const lostAfterMs = 20_000;
/** News come by the watch; this is for one that was lost. */
const lookEveryMs = 2_000;
const looks = 20;

export function createEnsurePod({ cluster, cache, context }: EnsureNeeds): EnsurePod {
  /** Images whose own user is root. */
  const rootImages = new Set<string>();

  const look = async (namespace: string, name: string, signal: AbortSignal) =>
    (await cache.of(namespace, signal)).find(({ metadata }) => metadata?.name === name) ?? null;

  /** Null: somebody else was faster. */
  async function create(spec: PodSpec, at: Pick<PodContext, 'namespace' | 'name'>, signal: AbortSignal) {
    const isRootImage = rootImages.has(spec.image);
    const objects = podObjects(spec, { ...context, ...at, isRootImage, now: new Date() });
    const { pod, secrets, services, claims } = objects;
    await Promise.all([...secrets, ...services, ...claims].map((object) => cluster.apply(object, signal)));
    const made = await cluster.create<V1Pod>(pod, signal);
    if (made !== null) cache.learn(made);
    return made;
  }

  async function remove({ metadata }: V1Pod, signal: AbortSignal): Promise<void> {
    const { namespace = '', name = '', uid } = metadata ?? {};
    const object = { apiVersion: 'v1', kind: 'Pod', namespace, name };
    await cluster.remove(object, { graceSeconds: 0, ...(uid !== undefined && { uid }) }, signal);
    await gone(namespace, name, uid, signal);
  }

  async function gone(namespace: string, name: string, uid: string | undefined, signal: AbortSignal) {
    const lostAt = performance.now() + lostAfterMs;
    for (;;) {
      const pod = await look(namespace, name, signal);
      if (pod === null || (uid !== undefined && pod.metadata?.uid !== uid)) return;
      if (performance.now() > lostAt) {
        const object = { apiVersion: 'v1', kind: 'Pod', namespace, name };
        const { uid: own } = pod.metadata ?? {};
        await cluster.remove(object, { graceSeconds: 0, ...(own !== undefined && { uid: own }) }, signal);
      }
      await cache.changed(namespace, lookEveryMs, signal);
      await refresh(namespace, name, signal);
    }
  }

  /** Asked for, where the watch says nothing. */
  async function refresh(namespace: string, name: string, signal: AbortSignal): Promise<void> {
    const pod = await cluster.read<V1Pod>({ apiVersion: 'v1', kind: 'Pod', namespace, name }, signal);
    if (pod !== null) cache.learn(pod);
  }

  /** Null: it is gone, or cannot run as it is and must be made anew. */
  async function awaitRunning(first: V1Pod, spec: PodSpec, signal: AbortSignal): Promise<V1Pod | null> {
    const { namespace = '', name = '', uid } = first.metadata ?? {};
    const startedAt = performance.now();
    let fineAt = startedAt;
    for (;;) {
      const pod = await look(namespace, name, signal);
      if (pod === null || pod.metadata?.uid !== uid || pod.metadata?.deletionTimestamp) return null;
      if (runs(pod) || isOver(pod)) return pod;
      const wrong = startTrouble(pod);
      if (wrong !== null) {
        if (isOfRoot(wrong.message) && !rootImages.has(spec.image)) {
          rootImages.add(spec.image);
          await remove(pod, signal);
          return null;
        }
        const patience = /Image/.test(wrong.reason) ? 0 : troubleForMs;
        if (performance.now() - fineAt >= patience) throw cannotStart(spec, wrong.message);
      } else fineAt = performance.now();
      const waited = performance.now() - startedAt;
      const noRoom = unschedulable(pod);
      if (noRoom !== null && waited > roomWithinMs) throw full(spec, noRoom);
      if (waited > runsWithinMs) throw late(spec, pod);
      await cache.changed(namespace, lookEveryMs, signal);
      if (performance.now() - startedAt - waited >= lookEveryMs) await refresh(namespace, name, signal);
    }
  }

  return {
    gone,
    async early(spec, { namespace, name }, signal) {
      const component = labelValue(spec.ref.component);
      const pods = await cache.of(namespace, signal);
      if (pods.some(({ metadata }) => metadata?.labels?.[label.component] === component)) return;
      await create(spec, { namespace, name }, signal);
    },
    async ensure(spec, { namespace, name }, signal) {
      for (let attempt = 1; attempt <= looks; attempt++) {
        const there = await look(namespace, name, signal);
        if (there?.metadata?.deletionTimestamp) {
          await gone(namespace, name, there.metadata.uid, signal);
          continue;
        }
        if (there !== null && isOver(there) && spec.role !== 'job') {
          await remove(there, signal);
          continue;
        }
        const pod = there ?? (await create(spec, { namespace, name }, signal));
        if (pod === null) {
          // One that the watch has not told of yet.
          await refresh(namespace, name, signal);
          continue;
        }
        const running = await awaitRunning(pod, spec, signal);
        if (running === null) continue;
        const found = foundPod(running);
        if (found === null)
          throw new LabError('provision_failed', `Pod ${name} in ${namespace} is another's.`);
        return { found, pod: running, isNew: there === null };
      }
      throw new LabError('provision_failed', `Pod ${name} in ${namespace} does not come to run.`);
    },
  };
}

/** Its containers will not be started again. */
const isOver = (pod: V1Pod) =>
  pod.status?.phase === 'Succeeded' ||
  pod.status?.phase === 'Failed' ||
  (pod.spec?.restartPolicy === 'Never' && mainStatus(pod)?.state?.terminated !== undefined);

/** `container has runAsNonRoot and image will run as root`, `image has non-numeric user (redis), cannot verify`. */
const isOfRoot = (message: string) => /runAsNonRoot/.test(message);

function cannotStart({ ref }: PodSpec, why: string): LabError {
  return new LabError('start_failed', `Component "${ref.component}" cannot be started: ${why}.`);
}

function full({ ref }: PodSpec, why: string): LabError {
  const text = `The cluster has no room for component "${ref.component}": ${why}`;
  return new LabError('backend_busy', text, { retryAfterSeconds: 30 });
}

function late({ ref }: PodSpec, pod: V1Pod): LabError {
  const { nodeName } = pod.spec ?? {};
  const why = endingOfPod(pod) ?? `the node ${nodeName ?? ''} does not start it`;
  const text = `Component "${ref.component}" does not run after ${runsWithinMs / 1_000} s: ${why}.`;
  return new LabError('backend_unavailable', text);
}
