/** Files as an archive, which is how an engine takes them. */
import { posix } from 'node:path';
import { pack } from 'tar-stream';

export interface TarFile {
  readonly content: Uint8Array;
  readonly mode: number;
}

export interface TarPlan {
  /** Relative paths. */
  readonly files: ReadonlyMap<string, TarFile>;
  /** Folders that are made, or given to the owner where they are there; besides those that files need. */
  readonly folders: readonly string[];
  readonly owner: { readonly uid: number; readonly gid: number };
}

/** Folders come before what is in them; one that a file needs is made by whoever unpacks it. */
export async function tarOf({ files, folders, owner }: TarPlan): Promise<Buffer> {
  const archive = pack();
  // Otherwise every archive of the same files is another one.
  const mtime = new Date(0);
  for (const folder of folders) {
    archive.entry({ name: `${relative(folder)}/`, type: 'directory', mode: 0o755, mtime, ...owner });
  }
  for (const [path, { content, mode }] of files) {
    archive.entry({ name: relative(path), mode, mtime, ...owner }, Buffer.from(content));
  }
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** All folders between `root` and these paths, the upper first. */
export function foldersBetween(root: string, paths: Iterable<string>): string[] {
  const found = new Set<string>();
  for (const path of paths) {
    for (
      let at = posix.dirname(path);
      at.length > root.length && at.startsWith(root);
      at = posix.dirname(at)
    ) {
      found.add(at);
    }
  }
  return [...found].sort();
}

const relative = (path: string): string => posix.normalize(path).replace(/^\/+/, '');
