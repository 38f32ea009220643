/**
 * Prepared servers as images with a whole data folder: named when they are whole, so that one that is there is whole.
 * Each is filled in a container that no network reaches and that ends with its maker.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from '../../../lab/errors.ts';
import type { PreparedStore } from '../../containers/postgres/prepared-databases.ts';
import { keepPreparing, preparingLimits, preparingProgram } from '../../containers/postgres/preparing.ts';
import { serverHome, volumeOfImage } from '../../containers/postgres/server.ts';
import {
  type ContainerImages,
  type ContainerSpec,
  type Containers,
  type FoundContainer,
  labUser,
} from '../../containers/types.ts';
import type { ResourceRef } from '../../naming.ts';
import { label } from '../labels.ts';
import type { DatabaseImages } from './database-images.ts';

/** What containers in which servers are prepared are labelled with; no sandbox is called so. */
export const preparingSandbox = 'preparing';
const startWithinMs = 120_000;
/** A container that its maker has not started by then never will be. */
const abandonedAfterMs = 60_000;
/** What the log of a server says when it serves. */
const servesLine = 'database system is ready to accept connections';

/** Run in its container: ends it when its maker, who holds the input open, is gone. */
const guardProgram: readonly string[] = ['sh', '-c', 'cat > /dev/null; kill -TERM 1'];

export function createPreparedImages(
  containers: Containers,
  list: DatabaseImages,
  images: Pick<ContainerImages, 'postgres'>,
): PreparedStore {
  async function untilServing(id: string, signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + startWithinMs;
    for (;;) {
      const [said, ending] = await Promise.all([
        containers.logs(id, 64_000, signal),
        containers.ending(id, signal),
      ]);
      if (said.includes(servesLine)) return;
      if (ending !== null || performance.now() > deadline) {
        const what = ending ?? 'it did not start in time';
        throw new LabError(
          'provision_failed',
          `A database could not be prepared: ${what}.\n${said.slice(-2_000)}`,
        );
      }
      await delay(50, undefined, { signal });
    }
  }

  /** Of makers that are gone: their containers have ended, or were never started. */
  async function removeLeftovers(signal: AbortSignal): Promise<void> {
    const isLeft = ({ state, createdAt }: FoundContainer) =>
      state === 'exited' || (state === 'created' && Date.now() - createdAt.getTime() > abandonedAfterMs);
    const left = (await containers.find(preparingSandbox, signal)).filter(isLeft);
    for (const { id } of left) await containers.remove(id, signal);
  }

  return {
    nameOf: list.nameOf,
    baseOf: (signal) => list.idOf(images.postgres, signal),
    has: list.has,
    async make(name, fill, signal) {
      await removeLeftovers(signal);
      const ref = { sandboxId: preparingSandbox, component: randomBytes(8).toString('hex'), generation: 1 };
      let made: FoundContainer | null = null;
      try {
        made = await containers.ensure(preparingContainer(ref, images.postgres), signal);
        const { id } = made;
        const guard = await containers.pipe(id, guardProgram, signal);
        guard.on('error', () => {}).resume();
        await untilServing(id, signal);
        await fill((argv, within) => containers.pipe(id, argv, within));
        // Another Labwright may have been faster.
        if (!(await list.has(name, signal))) {
          await containers.commit(id, { tag: name, labels: { [label.prepared]: name } }, signal);
        }
        guard.destroy();
      } finally {
        const own = AbortSignal.timeout(30_000);
        // One that was made when the caller gave up, too.
        made ??= (await containers.find(preparingSandbox, own)).find(isOf(ref)) ?? null;
        if (made !== null) await containers.remove(made.id, own);
      }
    },
    async all(signal) {
      await removeLeftovers(signal);
      // By their names: one that has two of them loses only the one that is meant.
      return (await list.all(signal)).map(({ id, name }) => ({ id: name ?? id, name }));
    },
    remove: async (id, signal) => void (await list.remove(id, signal)),
  };
}

function preparingContainer(ref: ResourceRef, image: string): ContainerSpec {
  return {
    ref,
    role: 'job',
    image,
    entrypoint: ['sh', '-c', `mkdir ${serverHome} && exec "$@"`, 'preparing'],
    command: preparingProgram(keepPreparing),
    env: { PGDATA: `${serverHome}/data`, LC_ALL: 'C' },
    user: labUser,
    aliases: [],
    network: false,
    mounts: [],
    writableRoot: true,
    tmpfs: { [volumeOfImage]: 1 },
    limits: preparingLimits,
  };
}

const isOf =
  (ref: ResourceRef) =>
  ({ component }: FoundContainer): boolean =>
    component === ref.component;
