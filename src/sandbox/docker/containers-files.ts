/** Puts a container's own files into it before its first start. */
import { posix } from 'node:path';
import type { ContainerSpec } from '../containers/types.ts';
import { ownerOf, ownFolderMount } from './container-options.ts';
import type { Engine } from './engine.ts';
import { foldersBetween, tarOf } from './tar.ts';

export function createContainerFiles(engine: Engine) {
  async function upload(id: string, path: string, archive: Buffer, signal: AbortSignal): Promise<void> {
    await engine.ask(
      `put files into container ${id}`,
      (docker, abortSignal) => docker.getContainer(id).putArchive(archive, { path, abortSignal }),
      signal,
    );
  }

  return {
    /** Throws an error when a file is meant for where the container is read-only. */
    async put(spec: ContainerSpec, user: string, id: string, signal: AbortSignal): Promise<void> {
      const { ownFolder, ref, writableRoot } = spec;
      const all = [...(spec.files ?? [])];
      const owner = ownerOf(user);
      const isOwn = (path: string) => ownFolder !== undefined && path.startsWith(`${ownFolder}/`);
      if (ownFolder !== undefined) {
        const mount = ownFolderMount(ownFolder);
        const own = all.filter(([path]) => isOwn(path));
        const below = ([path]: readonly [string, unknown]) => posix.relative(mount, path);
        const folders = [
          ownFolder,
          ...foldersBetween(
            ownFolder,
            own.map(([path]) => path),
          ),
        ];
        const archive = await tarOf({
          files: new Map(own.map((entry) => [below(entry), entry[1]])),
          folders: folders.map((path) => posix.relative(mount, path)),
          owner,
        });
        await upload(id, mount, archive, signal);
      }
      const others = all.filter(([path]) => !isOwn(path));
      if (others.length === 0) return;
      if (!writableRoot) {
        throw new Error(`${others[0]?.[0]} of component "${ref.component}" is outside of its own folder.`);
      }
      await upload(id, '/', await tarOf({ files: new Map(others), folders: [], owner }), signal);
    },
  };
}
