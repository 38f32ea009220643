/** What labs' databases are made from, as the engine has it. */
import type { Naming } from '../../naming.ts';
import type { Engine } from '../engine.ts';
import { engineStatus } from '../engine-errors.ts';
import { label } from '../labels.ts';

export interface DatabaseImages {
  /** The name of the one with this hash. */
  nameOf(hash: string): string;
  has(name: string, signal: AbortSignal): Promise<boolean>;
  /** What an image is, whatever its name comes to mean later. Throws LabError `backend_unavailable` when it is not there. */
  idOf(image: string, signal: AbortSignal): Promise<string>;
  /** What a container has written into its own layer. */
  layerBytes(container: string, signal: AbortSignal): Promise<number>;
  /** Those of this installation, the newest first; without a name, where another has taken its place. */
  all(
    signal: AbortSignal,
  ): Promise<readonly { readonly id: string; readonly name: string | null; readonly createdAt: number }[]>;
  /** False: it is in use, and stays. */
  remove(image: string, signal: AbortSignal): Promise<boolean>;
}

export function createDatabaseImages(engine: Engine, installationId: string, naming: Naming): DatabaseImages {
  const repository = `labwright-prepared-${naming.prefix.replace(/_$/, '')}`;

  const inspect = (image: string, signal: AbortSignal) =>
    engine.ask(`look at image ${image}`, (docker) => docker.getImage(image).inspect(), signal);

  return {
    nameOf: (hash) => `${repository}:${hash}`,
    async has(name, signal) {
      try {
        await inspect(name, signal);
        return true;
      } catch (thrown) {
        if (engineStatus(thrown) === 404) return false;
        throw thrown;
      }
    },
    idOf: async (image, signal) => (await inspect(image, signal)).Id,
    async layerBytes(container, signal) {
      // The types of the client do not know of it.
      const withSize = { size: true } as object;
      const found: object = await engine.ask(
        `measure container ${container}`,
        (docker, abortSignal) => docker.getContainer(container).inspect({ ...withSize, abortSignal }),
        signal,
      );
      return 'SizeRw' in found ? Number(found.SizeRw) : 0;
    },
    async all(signal) {
      const filters = { label: [`${label.installation}=${installationId}`, label.prepared] };
      const found = await engine.ask(
        'list images',
        (docker, abortSignal) => docker.listImages({ filters, abortSignal }),
        signal,
      );
      return found
        .filter(({ Labels }) => (Labels?.[label.prepared] ?? '') !== '')
        .map(({ Id, RepoTags, Created }) => ({
          id: Id,
          name: RepoTags?.find((name) => name.startsWith(`${repository}:`)) ?? null,
          createdAt: Created,
        }))
        .sort((a, b) => b.createdAt - a.createdAt);
    },
    async remove(image, signal) {
      try {
        await engine.ask(
          `remove image ${image}`,
          (docker, abortSignal) => docker.getImage(image).remove({ abortSignal }),
          signal,
        );
        return true;
      } catch (thrown) {
        const status = engineStatus(thrown);
        if (status === 409) return false;
        if (status === 404) return true;
        throw thrown;
      }
    },
  };
}
