/**
 * Prepared servers as pods in the namespace that all labs share: each keeps the folder of a server that was made and
 * ended in it, and nobody reaches it. One that is marked as whole is; one whose maker is gone before that ends itself.
 */
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { V1Pod } from '@kubernetes/client-node';
import { LabError } from '../../../lab/errors.ts';
import type { PreparedStore } from '../../containers/postgres/prepared-databases.ts';
import type { ContainerImages } from '../../containers/types.ts';
import { selectorOf } from '../labels.ts';
import type { Cluster, PodExec, Spaces } from '../types.ts';
import { converse } from './conversation.ts';
import {
  awaitProgram,
  guardProgram,
  keepProgram,
  preparedContainer,
  preparedPod,
  wholeLabel,
} from './prepared-pod.ts';

export interface PreparedPods extends PreparedStore {
  /** A program in one that is there. */
  pipe(name: string, argv: readonly string[], signal: AbortSignal): Promise<Duplex>;
}

export interface PreparedPodNeeds {
  readonly cluster: Cluster;
  readonly exec: PodExec;
  readonly spaces: Spaces;
  readonly installationId: string;
  readonly images: Pick<ContainerImages, 'postgres'>;
}

const startWithinMs = 120_000;
const pollEveryMs = 100;
const removeWithinMs = 30_000;

export function createPreparedPods(needs: PreparedPodNeeds): PreparedPods {
  const { cluster, exec, spaces, installationId, images } = needs;
  const namespace = spaces.shared;
  const named = (name: string) => ({ apiVersion: 'v1', kind: 'Pod', namespace, name });
  const read = (name: string, signal: AbortSignal) => cluster.read<V1Pod>(named(name), signal);

  async function pipe(name: string, argv: readonly string[], signal: AbortSignal): Promise<Duplex> {
    const at = { namespace, pod: name, container: preparedContainer };
    return (await exec.open(at, argv, { stdin: true }, signal)).stream;
  }

  const remove = (pod: V1Pod, signal: AbortSignal) => {
    const { name = '', uid } = pod.metadata ?? {};
    return cluster.remove(named(name), { graceSeconds: 0, ...(uid !== undefined && { uid }) }, signal);
  };

  /** Ours to make, or null where it is there and whole. Waits for another that makes it. */
  async function begin(name: string, signal: AbortSignal): Promise<V1Pod | null> {
    for (;;) {
      const there = await read(name, signal);
      if (there !== null && isWhole(there)) return null;
      if (there === null) {
        const image = images.postgres;
        const made = await cluster.create(
          preparedPod({ installationId, image, namespace, name }, new Date()),
          signal,
        );
        if (made !== null) return made;
      } else if (hasEnded(there)) await remove(there, signal);
      await delay(pollEveryMs, undefined, { signal });
    }
  }

  async function untilRunning(name: string, signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + startWithinMs;
    for (;;) {
      const pod = await read(name, signal);
      if (pod?.status?.phase === 'Running') return;
      const wrong = pod === null ? 'it was removed' : troubleOf(pod);
      if (wrong !== null || performance.now() > deadline) throw failure(wrong ?? waitingFor(pod));
      await delay(pollEveryMs, undefined, { signal });
    }
  }

  /** Runs a program that has one word to say. */
  async function untilSaid(name: string, argv: readonly string[], word: string, signal: AbortSignal) {
    const within = AbortSignal.any([signal, AbortSignal.timeout(startWithinMs)]);
    const program = converse(await pipe(name, argv, within), within);
    const said = await program.rest().finally(() => program.end());
    if (said.trim() === word) return;
    const pod = await read(name, signal);
    throw failure((pod === null ? null : troubleOf(pod)) ?? `it said ${said}`);
  }

  return {
    pipe,
    nameOf: (hash) => `prepared-${hash}`,
    // What the name of an image means is up to each node.
    baseOf: async () => images.postgres,
    async has(name, signal) {
      const there = await read(name, signal);
      return there !== null && isWhole(there);
    },
    async make(name, fill, signal) {
      await spaces.ensureShared(signal);
      const mine = await begin(name, signal);
      if (mine === null) return;
      let guard: Duplex | null = null;
      try {
        await untilRunning(name, signal);
        guard = await pipe(name, guardProgram, signal);
        guard.on('error', () => {}).resume();
        await untilSaid(name, awaitProgram, 'serves', signal);
        await fill((argv, within) => pipe(name, argv, within));
        const whole = { metadata: { labels: { [wholeLabel]: 'true' } } };
        // Marked first: one that stays although its maker is gone is always marked.
        await cluster.patch(named(name), whole, { type: 'merge' }, signal);
        await untilSaid(name, keepProgram, 'kept', signal);
      } catch (thrown) {
        await remove(mine, AbortSignal.timeout(removeWithinMs));
        // Whoever gave up knows why.
        signal.throwIfAborted();
        throw thrown;
      } finally {
        guard?.destroy();
      }
    },
    async all(signal) {
      const selector = `${selectorOf(installationId)},${wholeLabel}`;
      const pods = await cluster.list<V1Pod>({ apiVersion: 'v1', kind: 'Pod', namespace, selector }, signal);
      for (const left of pods.filter(hasEnded)) await remove(left, signal);
      return pods
        .filter(isWhole)
        .sort((a, b) => madeAt(b) - madeAt(a))
        .map(({ metadata }) => ({ id: metadata?.name ?? '', name: metadata?.name ?? null }));
    },
    remove: (id, signal) => cluster.remove(named(id), { graceSeconds: 0 }, signal),
  };
}

const isGoing = ({ metadata }: V1Pod): boolean => metadata?.deletionTimestamp !== undefined;

const isWhole = (pod: V1Pod): boolean =>
  pod.metadata?.labels?.[wholeLabel] === 'true' && pod.status?.phase === 'Running' && !isGoing(pod);

const hasEnded = ({ status }: V1Pod): boolean => status?.phase === 'Failed' || status?.phase === 'Succeeded';

const madeAt = ({ metadata }: V1Pod): number => new Date(metadata?.creationTimestamp ?? 0).getTime();

/** What will not get better by waiting; null: nothing. */
function troubleOf(pod: V1Pod): string | null {
  const [container] = pod.status?.containerStatuses ?? [];
  const { waiting, terminated } = container?.state ?? {};
  if (waiting !== undefined && /^(ErrImage|ImagePull|InvalidImage|Create)/.test(waiting.reason ?? '')) {
    return `${waiting.reason}: ${waiting.message ?? ''}`;
  }
  if (terminated !== undefined)
    return `it ended with exit code ${terminated.exitCode}.\n${terminated.message ?? ''}`;
  return hasEnded(pod) ? `it ended: ${pod.status?.message ?? pod.status?.reason ?? ''}` : null;
}

function waitingFor(pod: V1Pod | null): string {
  const said = pod?.status?.conditions?.find(({ status, message }) => status === 'False' && message);
  return `it did not start in time. ${said?.message ?? ''}`.trim();
}

const failure = (what: string) =>
  new LabError('provision_failed', `A database could not be prepared: ${what}`);
