/**
 * Opening files below a folder that the trainee may change at any moment, without ever following a link: each part is
 * opened relative to the one before, as openat(2) would. Where the system has no /proc, each part is opened by its
 * path: links are still refused, yet a folder could be swapped in between.
 */
import { close, constants, existsSync, fstat, mkdir, open, readdir, readlink } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const openFile = promisify(open);
export const closeFile = promisify(close);
const readLink = promisify(readlink);
const makeFolder = promisify(mkdir);
const listFolder = promisify(readdir);
export const statOpen = promisify(fstat);

// Non-blocking: opening a pipe without a writer must not hang.
const cautious = constants.O_NOFOLLOW | constants.O_NONBLOCK;
const byDescriptor = existsSync('/proc/self/fd');

export interface OpenFolder {
  /** Names in it, unsorted. */
  names(): Promise<readonly string[]>;
  /** Throws ENOENT, ELOOP or ENOTDIR (a link is ELOOP or ENOTDIR). */
  folder(name: string): Promise<OpenFolder>;
  makeFolder(name: string): Promise<void>;
  /** A descriptor that the caller closes. */
  file(name: string, flags: number, mode?: number): Promise<number>;
  /** Where a link leads, as it is written; null when it is none. */
  link(name: string): Promise<string | null>;
  readonly descriptor: number;
  close(): Promise<void>;
}

/** @param path a folder of ours, whose own path the trainee cannot change. */
export async function openFolder(path: string): Promise<OpenFolder> {
  const descriptor = await openFile(path, constants.O_RDONLY | constants.O_DIRECTORY | cautious);
  const at = (name: string) => join(byDescriptor ? `/proc/self/fd/${descriptor}` : path, name);
  return {
    descriptor,
    // A trailing dot: the entry of /proc is itself a link, which readdir follows.
    names: () => listFolder(at('.')),
    folder: (name) => openFolder(at(name)),
    makeFolder: (name) => makeFolder(at(name), 0o755),
    file: (name, flags, mode) => openFile(at(name), flags | cautious, mode),
    link: (name) => readLink(at(name)).catch(() => null),
    close: () => closeFile(descriptor),
  };
}

/** A folder somewhere below another, with no link on the way. Throws as `folder`. */
export async function openBeneath(root: string, path: string): Promise<OpenFolder> {
  let folder = await openFolder(root);
  for (const part of path.split('/').filter((part) => part !== '' && part !== '.')) {
    const above: OpenFolder = folder;
    folder = await above.folder(part).finally(() => above.close());
  }
  return folder;
}

/** Null for what is not there, is a link, is not ours to open, or is no folder. */
export async function ifThere<T>(opening: Promise<T>): Promise<T | null> {
  try {
    return await opening;
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code ?? '';
    if (['ENOENT', 'ELOOP', 'ENOTDIR', 'ENXIO', 'EACCES', 'ENAMETOOLONG', 'ENODEV'].includes(code))
      return null;
    throw thrown;
  }
}
