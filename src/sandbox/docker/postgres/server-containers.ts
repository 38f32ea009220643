/** Labs' servers in containers of an engine. Data and archive lie in a container's own layer: a copy of both is an image. */
import { LabError } from '../../../lab/errors.ts';
import type { PreparedDatabases } from '../../containers/postgres/prepared-databases.ts';
import { firstFiles, serverContainer, serverHome } from '../../containers/postgres/server.ts';
import { mostCopiedBytes, type Original, type Servers } from '../../containers/postgres/servers.ts';
import type { Turns } from '../../containers/postgres/turns.ts';
import type { ContainerImages, Containers, FoundContainer } from '../../containers/types.ts';
import type { DatabaseImages } from './database-images.ts';

export interface ServerNeeds {
  readonly containers: Containers;
  readonly list: DatabaseImages;
  readonly prepared: PreparedDatabases;
  readonly turns: Turns;
  readonly images: Pick<ContainerImages, 'postgres'>;
}

/**
 * A file of an image is copied when it is first opened for writing, which is how PostgreSQL opens all of them. Whoever
 * needs one that is being copied for another waits, and a signal meanwhile is EINTR: an internal error, XX000, for
 * whoever asked. So all that a lab's sessions may need is copied while the server starts; not by a child of the server,
 * which would take its end for a crash.
 */
const copyAhead = '( (touch -c data/base/[1-9]????*/* data/global/* 2> /dev/null) & )';

export function createServerContainers(needs: ServerNeeds): Servers {
  const { containers, list, prepared, turns, images } = needs;

  /** An image of a server as it is now; it goes with the sandbox that `owner` is. */
  async function copy({ id, component }: FoundContainer, owner: string, signal: AbortSignal) {
    return turns.copy(id, async () => {
      signal.throwIfAborted();
      if ((await list.layerBytes(id, signal)) > mostCopiedBytes) {
        const message = `The data of component "${component}" takes more than 2 GB and cannot be copied.`;
        throw new LabError('payload_too_large', message);
      }
      return containers.commit(id, { owner }, signal);
    });
  }

  const imageOf = (original: Original, owner: string, signal: AbortSignal) =>
    original.of === 'server'
      ? copy(original.found, owner, signal)
      : prepared.nameFor(original.version, original.component, signal);

  return {
    async container(server, original, signal) {
      const image =
        original === null ? images.postgres : await imageOf(original, server.ref.sandboxId, signal);
      const files = [...firstFiles(server.first)].map(
        ([name, text]) =>
          [`${serverHome}/${name}`, { content: new TextEncoder().encode(text), mode: 0o600 }] as const,
      );
      return { ...serverContainer(server, image, copyAhead), files: new Map(files), writableRoot: true };
    },
  };
}
