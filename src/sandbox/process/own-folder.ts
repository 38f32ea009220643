/** Folders of sandboxes that programs run in, beside the workspaces. */
import { existsSync, readdirSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ensureFolder } from '../../embedded/folder.ts';
import type { OsUser } from '../../embedded/os-user.ts';
import { removeTree } from '../files/remove-tree.ts';
import { writeFileBeneath } from '../files/workspace-files.ts';

/** Makes the folder with these files unless it is there; it is whole or absent. Those of other generations go. */
export async function fillFolder(
  folder: string,
  files: ReadonlyMap<string, Uint8Array>,
  owner: OsUser | null,
): Promise<void> {
  if (!existsSync(folder)) {
    const building = `${folder}.building`;
    await removeTree(building);
    ensureFolder(building, owner, 0o700);
    for (const [name, content] of files) await writeFileBeneath(building, name, content, owner);
    renameSync(building, folder);
  }
  await removeOtherGenerations(folder);
}

/** @param folder `<component>-<generation>`; the other generations beside it are removed. */
export async function removeOtherGenerations(folder: string): Promise<void> {
  const [, prefix] = /^(.*-)\d+$/.exec(basename(folder)) ?? [];
  if (prefix === undefined) return;
  for (const entry of readdirSync(dirname(folder))) {
    const isOther = entry.startsWith(prefix) && entry !== basename(folder);
    if (isOther && /^\d+$/.test(entry.slice(prefix.length))) await removeTree(join(dirname(folder), entry));
  }
}
