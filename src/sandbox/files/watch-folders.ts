import { type FSWatcher, statSync, watch } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** How long changes must have come to rest: editors save in several steps. */
const restMs = 120;
/** How often to look where the system does not tell: it has a bound on what is watched. */
const pollMs = 2_000;

export interface FolderWatch {
  /** From now on these folders, and those that lead to `folder` from `root`. */
  cover(folders: readonly string[]): void;
  close(): void;
}

/**
 * Calls `onChange` a moment after something in the folders was changed. Folders are watched one by one: Node's own
 * recursive watching reads a whole tree at once, however large its owner makes it.
 */
export function watchFolders(root: string, folder: string, onChange: () => void): FolderWatch {
  const watchers = new Map<string, { readonly watcher: FSWatcher; readonly inode: number }>();
  let timer: NodeJS.Timeout | null = null;
  let poll: NodeJS.Timeout | null = null;
  let closed = false;

  function changed(): void {
    if (closed) return;
    clearTimeout(timer ?? undefined);
    timer = setTimeout(onChange, restMs);
    timer.unref();
  }

  function drop(path: string): void {
    watchers.get(path)?.watcher.close();
    watchers.delete(path);
  }

  function add(path: string): void {
    try {
      const inode = statSync(path).ino;
      // One that was removed and made again has the same path, and its watcher hears nothing any more.
      if (watchers.get(path)?.inode === inode) return;
      drop(path);
      const watcher = watch(path, { persistent: false }, changed);
      watcher.on('error', () => drop(path));
      watchers.set(path, { watcher, inode });
      // What was changed before we watched, yet after it was read, is seen by one more look.
      changed();
    } catch (thrown) {
      const code = (thrown as NodeJS.ErrnoException).code ?? '';
      if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(code)) return;
      poll ??= setInterval(onChange, pollMs).unref();
    }
  }

  return {
    cover(folders) {
      if (closed) return;
      const wanted = new Set(folders.map((path) => resolve(path)));
      const top = resolve(root);
      for (let at = resolve(folder); at.startsWith(`${top}/`); at = dirname(at)) wanted.add(at);
      wanted.add(top);
      for (const path of [...watchers.keys()]) if (!wanted.has(path)) drop(path);
      for (const path of wanted) add(path);
    },
    close() {
      closed = true;
      clearTimeout(timer ?? undefined);
      clearInterval(poll ?? undefined);
      for (const path of [...watchers.keys()]) drop(path);
    },
  };
}
