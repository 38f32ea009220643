/**
 * Workspaces: the folders of a volume, one a generation. The trainee's programs have the volume too and are the same
 * user, so they can remove, replace or add whatever is in it. Held all the same: which generation there is and whether
 * it is whole stands in a note that they cannot reach; a folder is never entered through a link; and one is filled only
 * while none of their containers runs.
 */

import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { LabError } from '../lab/errors.ts';
import { copyTree } from '../sandbox/files/copy-tree.ts';
import { removeTree } from '../sandbox/files/remove-tree.ts';
import { writeFileBeneath } from '../sandbox/files/workspace-files.ts';
import { packArchive, unpackArchive } from './archive.ts';
import { alone } from './lock.ts';
import type { Notes } from './notes.ts';
import type { WorkspaceAt } from './protocol.ts';

export interface Workspaces {
  path(workspace: WorkspaceAt): string;
  /** The whole one; its folder is there afterwards, empty where the trainee has removed it. Null: none. */
  generation(component: string): Promise<number | null>;
  /** Whole or not at all; whatever else is in the volume goes. Nothing when it or a higher one is whole. */
  fill(
    workspace: WorkspaceAt,
    from:
      | { readonly contents: ReadonlyMap<string, Uint8Array> }
      | { readonly origin: WorkspaceAt }
      | { readonly archive: Readable },
    signal: AbortSignal,
  ): Promise<void>;
  /** Writes an archive of it as it is now, and ends `to`. What a copy of it would not have is not in it either. */
  pack(workspace: WorkspaceAt, to: Writable, signal: AbortSignal): Promise<void>;
}

interface Whole {
  readonly generation: number;
  /** Of which volume: one that was made anew is empty. */
  readonly volume: string;
}

export interface WorkspaceFolders {
  /** Of the volumes, by component. */
  readonly volumes: string;
  /** The same of another sandbox's. */
  readonly origins: string;
  /** Where no trainee comes: what is being packed. */
  readonly copies: string;
}

export function createWorkspaces({ volumes, origins, copies }: WorkspaceFolders, notes: Notes): Workspaces {
  const volumeOf = (component: string) => join(volumes, plain(component));
  const path = ({ component, generation }: WorkspaceAt) =>
    join(volumeOf(component), String(Math.trunc(generation)));
  const noteName = (component: string) => `${plain(component)}.whole`;

  async function identity(component: string): Promise<string> {
    const { ino, birthtimeMs } = await stat(volumeOf(component));
    return `${ino}/${birthtimeMs}`;
  }

  async function whole(component: string): Promise<number | null> {
    const note = await notes.read(noteName(component));
    if (note === null) return null;
    const { generation, volume } = JSON.parse(note) as Whole;
    return volume === (await identity(component)) ? generation : null;
  }

  async function make(
    workspace: WorkspaceAt,
    from: Parameters<Workspaces['fill']>[1],
    signal: AbortSignal,
  ): Promise<void> {
    const { component, generation } = workspace;
    const building = join(volumeOf(component), '.building');
    await removeTree(building);
    await removeTree(path(workspace));
    await mkdir(building, { mode: 0o700 });
    if ('origin' in from) {
      const { origin } = from;
      await copyTree(
        join(origins, plain(origin.component), String(origin.generation)),
        building,
        null,
        signal,
      );
    } else if ('archive' in from) {
      await unpackArchive(from.archive, building, signal);
    } else {
      for (const [name, content] of from.contents) {
        signal.throwIfAborted();
        await writeFileBeneath(building, name, content, null);
      }
    }
    await rename(building, path(workspace));
    await notes.write(
      noteName(component),
      JSON.stringify({ generation, volume: await identity(component) } satisfies Whole),
    );
  }

  async function removeOthers({ component, generation }: WorkspaceAt): Promise<void> {
    for (const name of await readdir(volumeOf(component))) {
      if (name !== String(generation)) await removeTree(join(volumeOf(component), name));
    }
  }

  return {
    path,
    async generation(component) {
      const generation = await whole(component);
      if (generation !== null) await bringBack(path({ component, generation }));
      return generation;
    },
    async fill(workspace, from, signal) {
      await alone(volumeOf(workspace.component), signal, async () => {
        if (((await whole(workspace.component)) ?? 0) >= workspace.generation) return;
        await make(workspace, from, signal);
        await removeOthers(workspace);
      });
    },
    async pack(workspace, to, signal) {
      const copy = join(copies, `copy-${randomUUID()}`);
      const named = join(copy, String(Math.trunc(workspace.generation)));
      try {
        await mkdir(named, { recursive: true, mode: 0o700 });
        await copyTree(path(workspace), named, null, signal);
        await packArchive(named, to, signal);
      } finally {
        await removeTree(copy);
      }
    },
  };
}

/** Where a trainee may not remove their folder it is emptied by trying; so it is here. */
async function bringBack(folder: string): Promise<void> {
  const isFolder = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW).then(
    (found) => found.close().then(() => true),
    () => false,
  );
  if (isFolder) return;
  // They may put something there again at once: then the next look finds it.
  await removeTree(folder);
  await mkdir(folder, { mode: 0o700 }).catch(() => {});
}

/** A component's name; anything else would be a mistake of ours, and must not lead anywhere. */
function plain(component: string): string {
  if (/^[a-z][a-z0-9-]*$/.test(component)) return component;
  throw new LabError('bad_request', `"${component}" is not the name of a component.`);
}
