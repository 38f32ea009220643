/** A trainee's namespace with all that bounds it: made, found whole, and ended. */
import type { V1Namespace } from '@kubernetes/client-node';
import type { NamespaceComponent } from '../../../templates/types.ts';
import type { Piece } from '../../part.ts';
import { annotation, label } from '../labels.ts';
import type { Cluster } from '../types.ts';
import { type FenceNeeds, type FenceObject, fenceOf } from './fence.ts';
import { endNamespace } from './namespace-end.ts';

/** `leaving`: it is being removed. */
export interface Seen {
  readonly generation: number;
  readonly isLeaving: boolean;
  readonly createdAt: string | null;
}

export interface Life {
  /** Null: absent. */
  see(piece: Piece<NamespaceComponent>, signal: AbortSignal): Promise<Seen | null>;
  /** At this generation or a higher one, with what is ours in it. Lower ones are removed first; tells whether it is new. */
  stand(piece: Piece<NamespaceComponent>, signal: AbortSignal): Promise<{ readonly isNew: boolean }>;
  /**
   * What of ours is missing, as `NetworkPolicy labwright-deny`. One of them a call, in turn: trainees cannot touch them,
   * and to ask for each of every lab at each look would be most of what the cluster is asked.
   */
  missing(piece: Piece<NamespaceComponent>, signal: AbortSignal): Promise<string | null>;
  /** Returns when it is gone. */
  end(piece: Piece<NamespaceComponent>, signal: AbortSignal): Promise<void>;
  open(piece: Piece<NamespaceComponent>, signal: AbortSignal): Promise<void>;
}

export interface LifeNeeds extends FenceNeeds {
  readonly cluster: Cluster;
}

export function createLife(needs: LifeNeeds): Life {
  const { cluster, spaces } = needs;

  async function see({ ref }: Piece<NamespaceComponent>, signal: AbortSignal): Promise<Seen | null> {
    const at = { apiVersion: 'v1', kind: 'Namespace', name: spaces.traineeOf(ref) };
    const there = await cluster.read<V1Namespace>(at, signal);
    if (there === null) return null;
    const { labels = {}, annotations = {}, deletionTimestamp } = there.metadata ?? {};
    return {
      generation: Number(labels[label.generation] ?? 0),
      isLeaving: deletionTimestamp !== undefined || there.status?.phase === 'Terminating',
      createdAt: annotations[annotation.createdAt] ?? null,
    };
  }

  /** Who may not grant everything is asked what a role holds when it is bound: roles come first. */
  async function applyAll(objects: readonly FenceObject[], signal: AbortSignal): Promise<void> {
    const isBinding = ({ kind }: FenceObject) => kind === 'RoleBinding';
    for (const some of [objects.filter((one) => !isBinding(one)), objects.filter(isBinding)]) {
      await Promise.all(some.map((object) => cluster.apply(object, signal)));
    }
  }

  let turn = 0;

  return {
    see,
    async stand(piece, signal) {
      let there = await see(piece, signal);
      if (there !== null && (there.isLeaving || there.generation < piece.ref.generation)) {
        await endNamespace(cluster, spaces.traineeOf(piece.ref), signal);
        there = null;
      }
      // A caller that was overtaken changes nothing.
      if (there !== null && there.generation > piece.ref.generation) return { isNew: false };
      const createdAt = there?.createdAt ? new Date(there.createdAt) : new Date();
      const { namespace, ours } = fenceOf(piece, needs, createdAt);
      await cluster.apply(namespace, signal);
      await applyAll(ours, signal);
      return { isNew: there === null };
    },
    async open(piece, signal) {
      await applyAll(fenceOf(piece, needs, new Date()).theirs, signal);
    },
    async missing(piece, signal) {
      const { ours } = fenceOf(piece, needs, new Date());
      turn += 1;
      const one = ours[turn % ours.length];
      if (one === undefined) return null;
      const { apiVersion, kind, metadata } = one;
      const there = await cluster.read({ apiVersion, kind, ...metadata }, signal);
      return there === null ? `${kind} ${metadata.name}` : null;
    },
    end: ({ ref }, signal) => endNamespace(cluster, spaces.traineeOf(ref), signal),
  };
}
