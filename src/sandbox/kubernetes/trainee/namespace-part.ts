/** A component that is the trainee's own namespace, with what the template puts into it. */

import { LabError } from '../../../lab/errors.ts';
import type { ComponentObservation } from '../../../lab/lab.ts';
import type { NamespaceComponent } from '../../../templates/types.ts';
import type { Environments } from '../../environment.ts';
import type { Part, Piece } from '../../part.ts';
import type { Cluster, Spaces } from '../types.ts';
import type { Accounts } from './accounts.ts';
import type { Admission } from './admission-ensure.ts';
import { applyObjects } from './apply-objects.ts';
import type { Life } from './life.ts';
import type { Volumes } from './volumes.ts';

export interface NamespacePartNeeds {
  readonly cluster: Cluster;
  readonly spaces: Spaces;
  readonly accounts: Accounts;
  readonly admission: Admission;
  readonly life: Life;
  readonly volumes: Volumes;
  readonly environments: Environments;
}

export interface NamespacePart extends Part<NamespaceComponent> {
  /** With the trainee's rights and storage, and nothing of the template's where it is new. */
  empty(piece: Piece<NamespaceComponent>, signal: AbortSignal): Promise<void>;
  /** All of it, volumes too; it comes back empty. */
  end(piece: Piece<NamespaceComponent>, signal: AbortSignal): Promise<void>;
}

/** How long an observation may take: it has no caller who gives up. */
const observeMs = 30_000;

export function createNamespacePart(needs: NamespacePartNeeds): NamespacePart {
  const { cluster, spaces, accounts, admission, life, volumes, environments } = needs;

  /** Where the account is, before what it may do. */
  async function base({ plan }: Piece<NamespaceComponent>, signal: AbortSignal): Promise<void> {
    await Promise.all([admission.ensure(signal), spaces.ensure(plan, signal)]);
    await accounts.ensure(plan.sandboxId, signal);
  }

  /** Its volumes go with it: they are what it held. */
  async function stand(piece: Piece<NamespaceComponent>, signal: AbortSignal): Promise<boolean> {
    const before = await life.see(piece, signal);
    if (before === null || before.isLeaving || before.generation < piece.ref.generation) {
      if (before !== null) await life.end(piece, signal);
      await dropVolumes(piece, signal);
    }
    const { isNew } = await life.stand(piece, signal);
    return isNew;
  }

  async function dropVolumes({ ref, spec }: Piece<NamespaceComponent>, signal: AbortSignal): Promise<void> {
    if (Object.keys(spec.storage).length > 0) await volumes.remove(ref.sandboxId, ref.component, signal);
  }

  async function furnish(piece: Piece<NamespaceComponent>, signal: AbortSignal): Promise<void> {
    await life.open(piece, signal);
    await volumes.ensure(piece, spaces.traineeOf(piece.ref), signal);
  }

  return {
    async ensure(piece, signal) {
      const { ref, plan } = piece;
      if (plan.origin?.components[ref.component] !== undefined && ref.generation === 1) {
        const text = `Component "${ref.component}" is a namespace of a cluster, which cannot be copied with what runs in it.`;
        throw new LabError('start_failed', text);
      }
      await base(piece, signal);
      const made = await accounts.made(ref, signal);
      const isNew = await stand(piece, signal);
      const isMade = made !== null && made.generation >= ref.generation;
      if (isMade && !isNew) return;
      await furnish(piece, signal);
      if (isMade && made.isEmpty) return;
      await applyObjects(piece, spaces.traineeOf(ref), { cluster, environments }, signal);
      await accounts.note(ref, { generation: ref.generation, isEmpty: false }, signal);
    },

    async observe(piece): Promise<ComponentObservation> {
      const signal = AbortSignal.timeout(observeMs);
      const [made, there] = await Promise.all([accounts.made(piece.ref, signal), life.see(piece, signal)]);
      if (made === null && there === null) return { state: 'absent', generation: 0, detail: null };
      const generation = Math.max(made?.generation ?? 0, there?.generation ?? 0);
      const is = (state: 'running' | 'starting' | 'broken', detail: string | null = null) => ({
        ...{ state, generation, detail },
      });
      if (made?.generation !== generation) return is('starting');
      if (there === null) return is('broken', 'its namespace was deleted');
      if (there.isLeaving) return is('broken', 'its namespace is being deleted');
      const missing = await life.missing(piece, signal);
      return missing === null ? is('running') : is('broken', `${missing} was deleted`);
    },

    access: ({ ref }) => ({ kind: 'namespace', namespace: spaces.traineeOf(ref) }),
    address: () => null,
    async kill({ ref }) {
      const text = `Component "${ref.component}" is a namespace: it has no process of its own. Delete a pod in it.`;
      throw new LabError('bad_request', text);
    },
    lacks: volumes.lacks,

    async empty(piece, signal) {
      await base(piece, signal);
      const there = await life.see(piece, signal);
      const isThere = there !== null && !there.isLeaving && there.generation >= piece.ref.generation;
      if (!isThere)
        await accounts.note(piece.ref, { generation: piece.ref.generation, isEmpty: true }, signal);
      const isNew = await stand(piece, signal);
      if (isNew) await furnish(piece, signal);
    },
    async end(piece, signal) {
      await accounts.note(piece.ref, { generation: piece.ref.generation, isEmpty: true }, signal);
      await life.end(piece, signal);
      await dropVolumes(piece, signal);
    },
  };
}
