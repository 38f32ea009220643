/**
 * What trials fork has an owner that is recorded, so that nothing is left behind by a process that is killed. Who tries
 * a check has no attempt: the owner is an operation of the lab, begun with the first fork and over with the last.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../lab/clock.ts';
import { LabError } from '../lab/errors.ts';
import type { Log } from '../lab/log.ts';
import type { ForkStore, LabStore, OperationStore, OperationWork } from '../lab/ports.ts';
import { whileHeld } from '../lab/while-held.ts';

interface OwnerDeps {
  readonly store: Pick<OperationStore, 'plantOperation' | 'startOperation' | 'finishOperation'> &
    Pick<ForkStore, 'startCheckpoint' | 'endFork'> &
    Pick<LabStore, 'holdDue'>;
  readonly labId: string;
  readonly leaseSeconds: number;
  readonly clock: Clock;
  readonly log: Log;
}

export interface ForkOwner {
  readonly forks: Pick<ForkStore, 'startFork' | 'endFork'>;
  /** Gives up all that is still there. Never throws: what cannot be recorded now ends with the lab. */
  release(): Promise<void>;
}

/** Forks of one grading run. They are recorded, and dead once it is released or the lab ends. */
export function createForkOwner({ store, labId, leaseSeconds, clock, log }: OwnerDeps): ForkOwner {
  const released = Promise.withResolvers<void>();
  let owning: Promise<OperationWork> | null = null;
  let held: Promise<void> = Promise.resolve();

  async function own(): Promise<OperationWork> {
    const name = `trying-${randomUUID()}`;
    const id = `${labId}/checkpoint/${name}`;
    // It waits for nothing, so that no worker begins it.
    await store.plantOperation(labId, { kind: 'checkpoint', name, dueInSeconds: null });
    const work = await store.startOperation(id, leaseSeconds, []);
    if (work === null) throw new LabError('lab_not_ready', 'The lab is not ready to be copied.');
    held = whileHeld(`operation:${id}`, { labs: store, leaseSeconds, clock, log }, () => released.promise);
    return work;
  }

  return {
    forks: {
      async startFork(_attempt, _fence, sandbox) {
        owning ??= own();
        const { operation, fence } = await owning;
        return store.startCheckpoint(operation.id, fence, sandbox);
      },
      endFork: (id) => store.endFork(id),
    },
    async release() {
      released.resolve();
      try {
        await held;
        if (owning === null) return;
        const { operation, fence } = await owning;
        await store.finishOperation(operation.id, fence, { state: 'failed', detail: 'tried', events: [] });
      } catch (thrown) {
        log.debug({ labId, err: thrown }, 'the owner of forks could not be released');
      }
    },
  };
}
