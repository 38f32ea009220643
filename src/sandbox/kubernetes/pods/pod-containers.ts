/** Containers of the sandboxes of one installation as bare pods, by name and label, whoever made them. */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { V1Pod } from '@kubernetes/client-node';
import { LabError } from '../../../lab/errors.ts';
import type { Log } from '../../../lab/log.ts';
import type { Containers, FoundContainer } from '../../containers/types.ts';
import { statusOf } from '../errors.ts';
import { annotation, label, readMeta } from '../labels.ts';
import type { Cluster, PodCache, PodExec, Spaces } from '../types.ts';
import { endingOfPod, foundPod, idOf, placeOf, runs } from './found-pod.ts';
import { mainContainer, modeOf, type PodMode } from './pod-objects.ts';
import type { PodSpec } from './pod-spec.ts';
import { createEnsurePod } from './pods-ensure.ts';
import { createPodsExec } from './pods-exec.ts';
import { createSteer } from './pods-steer.ts';
import { endingIn, wordsOf } from './supervised-log.ts';
import {
  againCommand,
  beginCommand,
  endCommand,
  holdCommand,
  killAllCommand,
  putCommand,
  refillCommand,
  releaseCommand,
  signalAllCommand,
} from './supervisor.ts';

export interface PodContainersNeeds {
  readonly cluster: Cluster;
  readonly cache: PodCache;
  readonly spaces: Spaces;
  readonly exec: PodExec;
  readonly installationId: string;
  readonly storageClass: string | null;
  readonly runtimeClass: string | null;
  /** An archive of a workspace as it is now, for the programs that run from it. */
  readonly packed: (sandboxId: string, workspace: string, signal: AbortSignal) => Promise<Readable>;
  readonly log: Log;
}

export interface PodContainers extends Containers {
  ensure(spec: PodSpec, signal: AbortSignal): Promise<FoundContainer>;
  /** From now on it may be entered: see `PodSpec.unfilled`. */
  open(id: string, signal: AbortSignal): Promise<void>;
  /** Writes a file of the container's own user, for nobody else, whole or not at all. */
  put(id: string, path: string, content: Uint8Array, signal: AbortSignal): Promise<void>;
}

/** How long a program may take over the end that comes before a new start. */
const restartWithinMs = 5_000;
const jobWithinBytes = 65_536;
/** The supervisor's last word is among the last lines. */
const endLines = 5;

export function createPodContainers(needs: PodContainersNeeds): PodContainers {
  const { cluster, cache, spaces, exec, installationId, storageClass, runtimeClass, packed, log } = needs;
  const pods = createEnsurePod({ cluster, cache, context: { installationId, storageClass, runtimeClass } });
  const steer = createSteer(exec);

  async function podOf(id: string, signal: AbortSignal): Promise<V1Pod | null> {
    const { namespace, pod } = placeOf(id);
    const all = await cache.of(namespace, signal);
    return all.find(({ metadata }) => metadata?.name === pod && !metadata.deletionTimestamp) ?? null;
  }

  /** What all who watch the pod know of it from now on. */
  async function mark(id: string, state: 'ended' | 'held' | null, signal: AbortSignal): Promise<void> {
    const { namespace, pod: name } = placeOf(id);
    const known = (await podOf(id, signal))?.metadata?.annotations?.[annotation.state] ?? null;
    if (known === state) return;
    const patch = { metadata: { annotations: { [annotation.state]: state } } };
    try {
      const object = { apiVersion: 'v1', kind: 'Pod', namespace, name };
      cache.learn(await cluster.patch<V1Pod>(object, patch, { type: 'merge' }, signal));
    } catch (thrown) {
      if (statusOf(thrown) !== 404) throw thrown;
    }
  }

  /** Starts the program of a pod that waits, on what it is to run. */
  async function again(pod: V1Pod, withinMs: number, signal: AbortSignal): Promise<void> {
    const { namespace = '', name = '', annotations = {} } = pod.metadata ?? {};
    const id = idOf({ namespace, pod: name });
    const how = annotations[annotation.stopSignal] ?? 'TERM';
    const [source, sandboxId] = [annotations[annotation.source], annotations[annotation.sandboxId]];
    if (source === undefined || sandboxId === undefined) {
      await steer(id, againCommand(how, withinMs), signal);
    } else {
      const archive = await packed(sandboxId, source, signal);
      await steer(id, refillCommand(how, withinMs), signal, archive);
    }
    await mark(id, null, signal);
  }

  async function printed(id: string, lines: number, signal: AbortSignal): Promise<string> {
    const at = { ...placeOf(id), container: mainContainer };
    try {
      return await cluster.podLog(at, { tailLines: lines }, signal);
    } catch (thrown) {
      // Not there, or its container has never been.
      const status = statusOf(thrown);
      if (status === 404 || status === 400) return '';
      throw thrown;
    }
  }

  async function ending(id: string, signal: AbortSignal): Promise<string | null> {
    const pod = await podOf(id, signal);
    if (pod === null) return 'was removed';
    if (modeIn(pod) !== 'program' || !runs(pod)) return endingOfPod(pod);
    const ended = endingIn(await printed(id, endLines, signal));
    if (ended === null) return null;
    if (ended.outOfMemory || wasKilledForMemory(pod)) return 'was ended: it took more than its memory';
    return ended.exitCode === null
      ? 'was ended with its container'
      : `ended with exit code ${ended.exitCode}`;
  }

  async function removePod(id: string, signal: AbortSignal): Promise<void> {
    const { namespace, pod: name } = placeOf(id);
    const [pod] = (await cache.of(namespace, signal)).filter(({ metadata }) => metadata?.name === name);
    // By force it is gone at once, and its node ends it a moment later; not where another pod is to have its volume.
    const isKept = pod?.spec?.volumes?.some((one) => one.persistentVolumeClaim !== undefined) === true;
    const grace = isKept ? {} : { graceSeconds: 0 };
    await cluster.remove({ apiVersion: 'v1', kind: 'Pod', namespace, name }, grace, signal);
    if (pod !== undefined) await pods.gone(namespace, name, pod.metadata?.uid, signal);
  }

  /** Secrets and volumes that were made with it. */
  async function removeBelongings(pod: V1Pod, signal: AbortSignal): Promise<void> {
    const { namespace = '', name = '' } = pod.metadata ?? {};
    const volumes = pod.spec?.volumes ?? [];
    const secrets = [
      ...(pod.spec?.containers ?? []).flatMap(({ envFrom = [] }) =>
        envFrom.map((one) => one.secretRef?.name),
      ),
      ...volumes.flatMap(({ projected }) => (projected?.sources ?? []).map((one) => one.secret?.name)),
    ];
    const claims = volumes.map(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName);
    const remove = (kind: string, names: readonly (string | undefined)[]) =>
      names
        .filter((one) => one?.startsWith(`${name}-`))
        .map((one) => cluster.remove({ apiVersion: 'v1', kind, namespace, name: one ?? '' }, {}, signal));
    await Promise.all([...remove('Secret', secrets), ...remove('PersistentVolumeClaim', claims)]);
  }

  const containers: PodContainers = {
    async find(sandboxId, signal) {
      const all = await cache.of(spaces.controlOf(sandboxId), signal);
      return all.flatMap((pod) => foundPod(pod) ?? []);
    },
    async early(spec, signal) {
      if (modeOf(spec) !== 'program') return;
      const namespace = spaces.controlOf(spec.ref.sandboxId);
      const name = podName(spec);
      await pods.early({ ...spec, unfilled: true }, { namespace, name }, signal);
    },
    async ensure(spec, signal) {
      const namespace = spaces.controlOf(spec.ref.sandboxId);
      const name = podName(spec);
      const { found, pod, isNew } = await pods.ensure(spec, { namespace, name }, signal);
      if (modeOf(spec) !== 'program') return found;
      const waits = spec.mounts.length > 0;
      if (found.state === 'paused') await containers.kill(found.id, 'CONT', signal);
      if (isNew && !waits) return found;
      // Begun by its supervisor, or to be begun by us.
      const runsNow = found.state === 'running' && !waits && (await ending(found.id, signal)) === null;
      if (!runsNow) {
        if (waits) await again(pod, restartWithinMs, signal);
        else await steer(found.id, beginCommand, signal);
        await mark(found.id, null, signal);
      }
      return { ...found, state: 'running' };
    },
    async open(id, signal) {
      await mark(id, null, signal);
    },
    put: (id, path, content, signal) => steer(id, putCommand(path), signal, Readable.from([content])),
    async stop(id, withinMs, signal) {
      const pod = await podOf(id, signal);
      if (pod === null || !runs(pod)) return;
      const mode = modeIn(pod);
      if (mode === 'program') {
        await mark(id, 'ended', signal);
        if (pod.metadata?.annotations?.[annotation.state] === 'held') await steer(id, releaseCommand, signal);
        await steer(id, endCommand(stopSignal(pod), withinMs), signal);
      } else if (mode === 'plain') await removePod(id, signal);
      // What it holds goes with its pod, and it costs nothing without its programs.
      else await steer(id, killAllCommand, signal);
    },
    async kill(id, by, signal) {
      const pod = await podOf(id, signal);
      if (pod === null || !runs(pod)) return;
      const mode = modeIn(pod);
      if (mode === 'idle') {
        if (by === 'STOP' || by === 'CONT') await steer(id, signalAllCommand(by), signal);
        else await steer(id, killAllCommand, signal);
      } else if (mode === 'plain') await killPlain(id, by, signal);
      else if (by === 'STOP') {
        await mark(id, 'held', signal);
        await steer(id, holdCommand, signal);
      } else if (by === 'CONT') {
        await steer(id, releaseCommand, signal);
        await mark(id, null, signal);
      } else {
        await mark(id, 'ended', signal);
        await steer(id, endCommand(by, null), signal).catch((thrown) => {
          throw new LabError('timed_out', `It did not end of SIG${by} within 10 s.`, { cause: thrown });
        });
      }
    },
    async restart(id, signal) {
      const pod = await podOf(id, signal);
      if (pod === null) throw new LabError('backend_unavailable', 'It is not there.');
      const mode = modeIn(pod);
      if (mode === 'idle') await steer(id, killAllCommand, signal);
      else if (mode === 'plain') await replace(pod, signal);
      else await again(pod, restartWithinMs, signal);
    },
    async remove(id, signal) {
      const pod = await podOf(id, signal);
      await removePod(id, signal);
      if (pod !== null) await removeBelongings(pod, signal);
    },
    ending,
    async logs(id, maxBytes, signal, of = 'all') {
      const lines = Math.min(Math.ceil(maxBytes / 16), 10_000) + endLines;
      return wordsOf(await printed(id, lines, signal), maxBytes, of);
    },
    async commit() {
      throw new LabError('internal', 'A pod has no image of its own that could be kept.');
    },
    async run(spec, signal) {
      // Others may run the same job, and one that was left by a dead maker must not be in the way.
      const namespace = spaces.controlOf(spec.ref.sandboxId);
      const name = `${spec.ref.component}-${spec.ref.generation}-${randomBytes(4).toString('hex')}`;
      const id = idOf({ namespace, pod: name });
      try {
        await pods.ensure(spec, { namespace, name }, signal);
        let pod = await podOf(id, signal);
        while (pod !== null && !/Succeeded|Failed/.test(pod.status?.phase ?? '')) {
          await cache.changed(namespace, 2_000, signal);
          pod = await podOf(id, signal);
        }
        const output = await this.logs(id, jobWithinBytes, signal);
        const ended = pod?.status?.containerStatuses?.[0]?.state?.terminated;
        return { exitCode: ended?.exitCode ?? 255, output };
      } finally {
        await this.remove(id, AbortSignal.timeout(30_000)).catch((err) => {
          log.warn({ backend: 'kubernetes', err }, 'A job that has ended could not be removed yet.');
        });
      }
    },
    ...createPodsExec(exec, log),
  };
  return containers;

  /** The program is process 1, which hears no signal from inside but those that it asked for. */
  async function killPlain(id: string, by: 'KILL' | 'TERM' | 'STOP' | 'CONT', signal: AbortSignal) {
    if (by === 'KILL' || by === 'TERM') return removePod(id, signal);
    throw new LabError(
      'bad_request',
      'A service with an image of its own cannot be held still on Kubernetes.',
    );
  }

  /** The same pod anew. */
  async function replace(pod: V1Pod, signal: AbortSignal): Promise<void> {
    const { name = '', namespace = '', labels = {}, annotations = {} } = pod.metadata ?? {};
    const { nodeName, ...spec } = pod.spec ?? { containers: [] };
    await removePod(idOf({ namespace, pod: name }), signal);
    const metadata = { name, namespace, labels, annotations };
    const made = await cluster.create<V1Pod>({ apiVersion: 'v1', kind: 'Pod', metadata, spec }, signal);
    if (made !== null) cache.learn(made);
  }
}

const podName = ({ ref }: PodSpec) => `${ref.component}-${ref.generation}`;

const stopSignal = (pod: V1Pod) => pod.metadata?.annotations?.[annotation.stopSignal] ?? 'TERM';

/** As it was made. */
function modeIn(pod: V1Pod): PodMode {
  if (readMeta(pod.metadata)?.role === 'job' || pod.metadata?.labels?.[label.role] === 'job') return 'once';
  const name = pod.spec?.containers.find((one) => one.name === mainContainer)?.command?.[3];
  if (name === 'supervisor') return 'program';
  return pod.spec?.restartPolicy === 'Always' ? 'idle' : 'plain';
}

function wasKilledForMemory(pod: V1Pod): boolean {
  const status = pod.status?.containerStatuses?.find(({ name }) => name === mainContainer);
  return status?.lastState?.terminated?.reason === 'OOMKilled';
}
