import { constants, fchmod, fchown, ftruncate, read, write } from 'node:fs';
import { promisify } from 'node:util';
import type { OsUser } from '../../embedded/os-user.ts';
import { LabError } from '../../lab/errors.ts';
import type { FileFound, FileQuery } from '../../lab/ports.ts';
import { closeFile, ifThere, type OpenFolder, openFolder, statOpen } from './beneath.ts';
import { pathParts, step } from './glob.ts';

const readSome = promisify(read);
const writeSome = promisify(write);
const changeOwner = promisify(fchown);
const changeMode = promisify(fchmod);
const truncateOpen = promisify(ftruncate);

/** More than any workspace needs; a trainee's tree without end costs no more than this. */
const mostEntries = 20_000;
const deepest = 32;

/**
 * Regular files that match, the newest first, at most `maxFiles` of them. Links, pipes and devices are as if they were
 * not there. Throws LabError `bad_request` for a glob that leads out.
 */
export async function findFiles(
  root: string,
  query: FileQuery,
  signal: AbortSignal,
): Promise<readonly FileFound[]> {
  const found: { readonly path: string; readonly modifiedAt: Date }[] = [];
  let seen = 0;

  async function visit(
    folder: OpenFolder,
    path: string,
    patterns: readonly (readonly string[])[],
    depth: number,
  ) {
    for (const name of await namesOf(folder, patterns)) {
      signal.throwIfAborted();
      seen += 1;
      if (seen > mostEntries) return;
      const next = step(patterns, name);
      const whole = next.some((pattern) => pattern.length === 0);
      const further = next.filter((pattern) => pattern.length > 0);
      if (further.length > 0 && depth < deepest) {
        const child = await ifThere(folder.folder(name));
        if (child !== null) {
          await visit(child, `${path}${name}/`, further, depth + 1).finally(() => child.close());
          continue;
        }
      }
      if (whole) {
        const modifiedAt = await ifThere(modificationOf(folder, name));
        if (modifiedAt !== null) found.push({ path: `${path}${name}`, modifiedAt });
      }
    }
  }

  const top = await ifThere(openFolder(root));
  if (top === null) return [];
  await visit(top, '', [pathParts(query.glob)], 0).finally(() => top.close());
  found.sort((a, b) => b.modifiedAt.getTime() - a.modifiedAt.getTime() || (a.path < b.path ? -1 : 1));
  const files: FileFound[] = [];
  let read = 0;
  // Read only now: all that match may be many thousands, large ones.
  for (const { path } of found.slice(0, query.maxFiles)) {
    signal.throwIfAborted();
    const most = read > (query.maxBytesAll ?? Number.POSITIVE_INFINITY) ? -1 : query.maxBytesEach;
    const file = await ifThere(readBeneath(root, path, { ...query, maxBytesEach: most }));
    if (file === null) continue;
    read += file.content?.byteLength ?? 0;
    files.push({ ...file, path });
  }
  return files;
}

async function readBeneath(root: string, path: string, query: FileQuery): Promise<Found | null> {
  const parts = path.split('/');
  let folder = await openFolder(root);
  try {
    for (const part of parts.slice(0, -1)) {
      const child = await folder.folder(part);
      await folder.close();
      folder = child;
    }
    return await readOne(folder, parts.at(-1) ?? '', query.maxBytesEach, query.headBytes);
  } finally {
    await folder.close();
  }
}

/** A plain name is looked up, not searched for: the folder may hold a million others. */
async function namesOf(
  folder: OpenFolder,
  patterns: readonly (readonly string[])[],
): Promise<readonly string[]> {
  const heads = patterns.map(([head]) => head ?? '');
  return heads.some((head) => /[*?]/.test(head)) ? await folder.names() : heads;
}

/** Null for what is no regular file. */
async function modificationOf(folder: OpenFolder, name: string): Promise<Date | null> {
  const file = await folder.file(name, constants.O_RDONLY);
  try {
    const stat = await statOpen(file);
    return stat.isFile() ? stat.mtime : null;
  } finally {
    await closeFile(file);
  }
}

type Found = Omit<FileFound, 'path'>;

/** A regular file of an open folder, or its first bytes; null for anything else. */
export async function readOne(
  folder: OpenFolder,
  name: string,
  maxBytes: number,
  headBytes?: number,
): Promise<Found | null> {
  const file = await folder.file(name, constants.O_RDONLY);
  try {
    const stat = await statOpen(file);
    const { size, mtime } = stat;
    if (!stat.isFile()) return null;
    if (headBytes !== undefined) {
      const head = Buffer.alloc(headBytes);
      const { bytesRead } = await readSome(file, head, 0, headBytes, 0);
      return { bytes: size, modifiedAt: mtime, content: head.subarray(0, bytesRead) };
    }
    if (size > maxBytes) return { bytes: size, modifiedAt: mtime, content: null };
    // One byte more than allowed: it may grow while it is read.
    const buffer = Buffer.alloc(maxBytes < size + 1 ? maxBytes + 1 : size + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await readSome(file, buffer, length, buffer.length - length, null);
      length += bytesRead;
      if (bytesRead === 0 || length === buffer.length) break;
    }
    return {
      bytes: length,
      modifiedAt: mtime,
      content: length > maxBytes ? null : buffer.subarray(0, length),
    };
  } finally {
    await closeFile(file);
  }
}

/**
 * Writes a file as its owner would, with its folders. A program (`#!` at its beginning) becomes executable.
 * Throws LabError `bad_request` when the path leads out, through a link, or to something that is no regular file.
 */
export async function writeFileBeneath(
  root: string,
  path: string,
  content: Uint8Array,
  owner: OsUser | null,
): Promise<void> {
  const parts = pathParts(path);
  const name = parts[parts.length - 1] ?? '';
  const opened = [await openFolder(root)];
  try {
    for (const part of parts.slice(0, -1)) {
      const folder = opened[opened.length - 1] as OpenFolder;
      const made = await folder.makeFolder(part).then(
        () => true,
        () => false,
      );
      const child = await folder.folder(part);
      opened.push(child);
      if (made && owner !== null) await changeOwner(child.descriptor, owner.uid, owner.gid);
    }
    const folder = opened[opened.length - 1] as OpenFolder;
    const file = await folder.file(name, constants.O_WRONLY | constants.O_CREAT, 0o644);
    try {
      if (!(await statOpen(file)).isFile())
        throw new LabError('bad_request', `${path} is not a regular file.`);
      await truncateAndWrite(file, content);
      if (owner !== null) await changeOwner(file, owner.uid, owner.gid);
      if (content[0] === 0x23 && content[1] === 0x21) await changeMode(file, 0o755);
    } finally {
      await closeFile(file);
    }
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code ?? '';
    if (!['ELOOP', 'ENOTDIR', 'EISDIR', 'ENXIO', 'EACCES', 'ENAMETOOLONG'].includes(code)) throw thrown;
    throw new LabError(
      'bad_request',
      `${path} cannot be written (${code}): a link or a folder is in its place.`,
      {
        cause: thrown,
      },
    );
  } finally {
    for (const folder of opened) await folder.close();
  }
}

async function truncateAndWrite(file: number, content: Uint8Array): Promise<void> {
  await truncateOpen(file, 0);
  for (let at = 0; at < content.length; ) {
    const { bytesWritten } = await writeSome(file, content, at, content.length - at, null);
    at += bytesWritten;
  }
}

/** Whether there is a folder of this relative path, with no link on the way. Throws LabError `bad_request` for one that leads out. */
export async function isFolderBeneath(root: string, path: string): Promise<boolean> {
  let folder = await ifThere(openFolder(root));
  for (const part of pathParts(path)) {
    const above: OpenFolder | null = folder;
    if (above === null) return false;
    folder = await ifThere(above.folder(part)).finally(() => above.close());
  }
  await folder?.close();
  return folder !== null;
}
