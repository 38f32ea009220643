/** A template's folder as bytes. Links are refused, not followed: nothing outside of the folder gets into a template. */

import { constants } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../lab/errors.ts';

export const maxFolderBytes = 5 * 1024 * 1024;
const maxFiles = 2_000;
const maxDepth = 16;

export interface FolderEntry {
  /** Relative, with forward slashes. */
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
}

/**
 * The regular files below a folder, by path. Throws LabError `template_not_found` when there is no such folder, and
 * `template_invalid` for a link, device or anything else that is no plain file, and for too many or too large ones.
 */
export async function listFolder(root: string): Promise<readonly FolderEntry[]> {
  const top = await lstat(root).catch(() => null);
  if (top === null) throw new LabError('template_not_found', `There is no folder ${root}.`);
  if (!top.isDirectory()) throw refuse('', 'is not a folder');
  const found: FolderEntry[] = [];
  await walk(root, '', 0, found);
  const total = found.reduce((sum, file) => sum + file.bytes, 0);
  if (total > maxFolderBytes) {
    throw new LabError(
      'template_invalid',
      `The folder has ${total} bytes; at most ${maxFolderBytes} are allowed.`,
    );
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The files of a template's folder by path. Throws as `listFolder`. */
export async function loadFolder(root: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  let total = 0;
  for (const { path } of await listFolder(root)) {
    const content = await readPlainFile(join(root, path), path, maxFolderBytes - total);
    total += content.byteLength;
    files.set(path, content);
  }
  return files;
}

async function walk(root: string, folder: string, depth: number, found: FolderEntry[]): Promise<void> {
  if (depth > maxDepth) throw refuse(folder, `lies deeper than ${maxDepth} folders`);
  for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (ignored(entry.name)) continue;
    if (entry.isDirectory()) {
      await walk(root, path, depth + 1, found);
    } else if (entry.isFile()) {
      const { size, mtimeMs } = await lstat(join(root, path));
      found.push({ path, bytes: size, modifiedMs: mtimeMs });
      if (found.length > maxFiles) throw refuse(path, `is one of more than ${maxFiles} files`);
    } else {
      throw refuse(
        path,
        entry.isSymbolicLink() ? 'is a link; links are not followed' : 'is not a plain file',
      );
    }
  }
}

// What editors and systems leave behind, and what an author installed to try things out.
const ignored = (name: string) =>
  name === '.git' || name === '.DS_Store' || name === 'node_modules' || /~$|\.sw[op]$/.test(name);

/** Opened without following a link, so that a file swapped for a link meanwhile is refused too. */
async function readPlainFile(full: string, path: string, most: number): Promise<Uint8Array> {
  const handle = await open(full, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (cause) => {
      throw new LabError('template_invalid', `The file "${path}" cannot be read.`, { cause });
    },
  );
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw refuse(path, 'is not a plain file');
    if (stat.size > most) throw refuse(path, `makes the folder larger than ${maxFolderBytes} bytes`);
    return new Uint8Array(await handle.readFile());
  } finally {
    await handle.close();
  }
}

const refuse = (path: string, why: string) =>
  new LabError('template_invalid', `"${path === '' ? '.' : path}" in the template's folder ${why}.`, {
    extra: { path },
  });
