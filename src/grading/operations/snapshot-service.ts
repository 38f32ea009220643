/** States of labs that people keep by name, to go back to. */
import { LabError } from '../../lab/errors.ts';
import { requireSandbox } from '../../lab/guards.ts';
import type { Operation } from '../../lab/lab.ts';
import { type Caller, type LabService, snapshotNotFound } from '../../lab/lab-service.ts';
import { originOf } from '../../lab/plan.ts';
import type { LabQueue, OperationStore } from '../../lab/ports.ts';
import { dataOf } from '../trials/fork-plan.ts';
import { originText } from './keep-state.ts';

export interface SnapshotServiceDeps {
  readonly labs: Pick<LabService, 'getLabWithTemplate'>;
  readonly operations: Pick<OperationStore, 'listOperations' | 'plantSnapshot' | 'deleteSnapshot'>;
  readonly queue: Pick<LabQueue, 'wake'>;
  readonly snapshotsPerLab: number;
}

export interface LabSnapshot {
  readonly name: string;
  readonly note: string | null;
  readonly by: string;
  /** `making` until it can be gone back to. */
  readonly state: 'making' | 'kept';
  /** What is in it is of this time; null before it was begun. */
  readonly takenAt: Date | null;
}

export type SnapshotService = ReturnType<typeof createSnapshotService>;

export function createSnapshotService(deps: SnapshotServiceDeps) {
  async function list(labId: string): Promise<readonly LabSnapshot[]> {
    return (await deps.operations.listOperations(labId)).flatMap((one) =>
      one.kind === 'snapshot' && one.state !== 'failed' ? [snapshotOf(one)] : [],
    );
  }

  return {
    /**
     * Has the lab's databases and files kept as they are now; answers before that is done. Its databases stand still for a
     * moment. Throws `conflict` where the name is taken, `snapshots_used_up`, `nothing_to_keep`, `lab_not_ready`,
     * `lab_ended`.
     */
    async take(
      caller: Caller,
      labId: string,
      { name, note }: { readonly name: string; readonly note: string | null },
    ): Promise<LabSnapshot> {
      const { lab, sandbox, version } = await deps.labs.getLabWithTemplate(caller, labId);
      const live = requireSandbox(lab, sandbox);
      const inCluster = Object.entries(version.template.components).find(
        ([, { kind }]) => kind === 'namespace',
      );
      if (inCluster !== undefined) {
        const text = `What is in the namespace "${inCluster[0]}" cannot be copied, so that no state of this lab is kept.`;
        throw new LabError('nothing_to_keep', text);
      }
      if (dataOf(Object.keys(live.components), version.template.components).length === 0) {
        throw new LabError(
          'nothing_to_keep',
          'This lab has neither a database nor files that could be kept.',
        );
      }
      const saved = { note, by: caller.subject, of: originText(originOf(live)) };
      const most = deps.snapshotsPerLab;
      const outcome = await deps.operations.plantSnapshot(labId, { name, saved }, most);
      if (outcome === 'known') {
        const text = `name: lab "${labId}" has a snapshot "${name}": take another name, or delete that one.`;
        throw new LabError('conflict', text, { extra: { field: 'name', snapshot: name } });
      }
      if (outcome === 'too_many') throw usedUp(most, await list(labId));
      // The row is due by itself: a lost ring only delays it to the next sweep.
      await deps.queue.wake(`operation:${labId}/snapshot/${name}`).catch(() => undefined);
      return { name, note, by: caller.subject, state: 'making', takenAt: null };
    },

    /** Oldest first. */
    async list(caller: Caller, labId: string): Promise<readonly LabSnapshot[]> {
      await deps.labs.getLabWithTemplate(caller, labId);
      return list(labId);
    },

    /** Gives it up, also one that is being made. Throws `snapshot_not_found`, `conflict` while its lab is made from it. */
    async remove(caller: Caller, labId: string, name: string): Promise<void> {
      await deps.labs.getLabWithTemplate(caller, labId);
      const told = { type: 'snapshot.deleted', data: { snapshot: name, by: caller.subject } } as const;
      const outcome = await deps.operations.deleteSnapshot(labId, name, [told]);
      if (outcome === 'unknown') throw snapshotNotFound(labId, name);
      if (outcome === 'deleted') return;
      const text = `Lab "${labId}" is just being put back to snapshot "${name}": delete it when that is done.`;
      throw new LabError('conflict', text, { retryAfterSeconds: 2 });
    },
  };
}

function snapshotOf({ name, state, saved, startedAt }: Operation): LabSnapshot {
  return {
    name,
    note: typeof saved.note === 'string' ? saved.note : null,
    by: String(saved.by),
    state: state === 'done' ? 'kept' : 'making',
    takenAt: startedAt,
  };
}

function usedUp(most: number, all: readonly LabSnapshot[]): LabError {
  const names = all.map(({ name }) => name);
  const text =
    most === 0
      ? 'This server keeps no snapshots of labs.'
      : `This lab has ${names.length} snapshots and may have ${most}: delete one first (${names.join(', ')}).`;
  return new LabError('snapshots_used_up', text, { extra: { limit: most, snapshots: names } });
}
