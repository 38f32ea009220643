/** Copying a workspace while its trainee goes on in it, without following them anywhere. */
import { constants, promises as fs, read } from 'node:fs';
import { dirname, isAbsolute, join, normalize } from 'node:path';
import { promisify } from 'node:util';
import type { OsUser } from '../../embedded/os-user.ts';
import { LabError } from '../../lab/errors.ts';
import { closeFile, ifThere, type OpenFolder, openFolder, statOpen } from './beneath.ts';

const readFile = promisify(read);

const mostFiles = 50_000;
const mostBytes = 500 * 1024 * 1024;
const deepest = 64;
const chunkBytes = 1024 * 1024;

/**
 * Copies regular files, folders, and links that lead nowhere outside of the tree, with modes and times. What else there
 * is (pipes, sockets, devices, links out) is left out, and so is what goes away meanwhile.
 * @param to an empty folder that nobody else may enter before this returns.
 * Throws LabError `payload_too_large` over 50,000 files or 500 MB; the signal's reason when that is aborted.
 */
export async function copyTree(
  from: string,
  to: string,
  owner: OsUser | null,
  signal: AbortSignal,
): Promise<void> {
  let files = 0;
  let bytes = 0;

  function count(size: number): void {
    files += 1;
    bytes += size;
    if (files <= mostFiles && bytes <= mostBytes) return;
    const most = `${mostFiles} files or ${mostBytes / 1024 / 1024} MB`;
    throw new LabError('payload_too_large', `The workspace holds more than ${most} and cannot be copied.`);
  }

  async function own(path: string): Promise<void> {
    if (owner !== null) await fs.lchown(path, owner.uid, owner.gid);
  }

  async function visit(folder: OpenFolder, path: string, depth: number): Promise<void> {
    const names = await folder.names();
    // A few at once: each takes several trips to the disk and back.
    const next = names[Symbol.iterator]();
    const work = async () => {
      for (const name of next) {
        signal.throwIfAborted();
        await copyOne(folder, name, path === '' ? name : `${path}/${name}`, depth);
      }
    };
    await Promise.all(Array.from({ length: depth === 0 ? 4 : 2 }, work));
  }

  async function copyOne(folder: OpenFolder, name: string, path: string, depth: number): Promise<void> {
    const child = depth < deepest ? await ifThere(folder.folder(name)) : null;
    if (child !== null) return copyFolder(child, path, depth).finally(() => child.close());
    const file = await ifThere(folder.file(name, constants.O_RDONLY));
    if (file === null) return copyLink(folder, name, path);
    try {
      const stat = await statOpen(file);
      // What belongs to somebody else is a second name of a file from elsewhere: as root we would give it away.
      if (!stat.isFile() || (owner !== null && stat.uid !== owner.uid)) return;
      count(stat.size);
      const target = join(to, path);
      await copyBytes(file, target, stat.size);
      await fs.chmod(target, stat.mode & 0o777);
      await fs.utimes(target, stat.atime, stat.mtime);
      await own(target);
    } finally {
      await closeFile(file);
    }
  }

  /** So many bytes as were counted, and no more: whoever writes to the file meanwhile could fill the disk otherwise. */
  async function copyBytes(file: number, target: string, size: number): Promise<void> {
    const copy = await fs.open(target, 'wx', 0o600);
    try {
      const chunk = Buffer.allocUnsafe(Math.min(size, chunkBytes));
      for (let at = 0; at < size; ) {
        signal.throwIfAborted();
        const { bytesRead } = await readFile(file, chunk, 0, Math.min(chunk.byteLength, size - at), at);
        if (bytesRead === 0) break;
        await copy.writeFile(chunk.subarray(0, bytesRead));
        at += bytesRead;
      }
    } finally {
      await copy.close();
    }
  }

  async function copyFolder(child: OpenFolder, path: string, depth: number): Promise<void> {
    const stat = await statOpen(child.descriptor);
    count(0);
    const target = join(to, path);
    await fs.mkdir(target, { mode: 0o700 });
    await visit(child, path, depth + 1);
    await fs.chmod(target, stat.mode & 0o777);
    await fs.utimes(target, stat.atime, stat.mtime);
    await own(target);
  }

  async function copyLink(folder: OpenFolder, name: string, path: string): Promise<void> {
    const leadsTo = await folder.link(name);
    if (leadsTo === null || isAbsolute(leadsTo)) return;
    if (/^\.\.(\/|$)/.test(normalize(join(dirname(path), leadsTo)))) return;
    count(0);
    await fs.symlink(leadsTo, join(to, path));
    await own(join(to, path));
  }

  async function visitTop(top: OpenFolder): Promise<void> {
    try {
      await visit(top, '', 0);
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'ENAMETOOLONG') throw thrown;
      const told = 'The workspace holds paths that are too long to be copied.';
      throw new LabError('payload_too_large', told, { cause: thrown });
    } finally {
      await top.close();
    }
  }

  const top = await ifThere(openFolder(from));
  if (top === null) throw new LabError('start_failed', 'The workspace that is to be copied is not there.');
  await visitTop(top);
}
