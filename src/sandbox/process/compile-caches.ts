/** What programs leave behind so that the next one starts sooner; shared by all labs, and worth nothing else. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureFolder } from '../../embedded/folder.ts';
import type { OsUser } from '../../embedded/os-user.ts';

/** Over so many files a cache is begun anew at the next start: paths and versions of programs come and go. */
const mostFiles = 20_000;

export interface CompileCaches {
  /** NODE_COMPILE_CACHE of what labs run. */
  readonly labs: string;
  /** NODE_COMPILE_CACHE of partners and loads, which run as another user. */
  readonly partners: string;
  /** Options of node for a trainee's copy of the sample API. */
  readonly copyOptions: readonly string[];
}

/** @param root folder of all sandboxes. */
export function openCompileCaches(
  root: string,
  users: { readonly lab: OsUser | null; readonly partner: OsUser | null },
): CompileCaches {
  const open = (name: string, owner: OsUser | null) => {
    const folder = join(root, name);
    if (filesBeneath(folder) > mostFiles) rmSync(folder, { recursive: true, force: true });
    ensureFolder(folder, owner, 0o700);
    return folder;
  };
  const stripped = open('.compile-cache-types', users.lab);
  const hook = join(root, '.compile-cache-types.mjs');
  // Where every user can read it, and with no types in it that node would have to take off first.
  writeFileSync(hook, readFileSync(new URL('./preload/strip-types.ts', import.meta.url)), { mode: 0o644 });
  const url = pathToFileURL(hook);
  url.searchParams.set('cache', stripped);
  return {
    labs: open('.compile-cache', users.lab),
    partners: open('.compile-cache-partners', users.partner),
    copyOptions: ['--disable-warning=ExperimentalWarning', '--import', url.href],
  };
}

function filesBeneath(folder: string): number {
  try {
    return readdirSync(folder, { recursive: true }).length;
  } catch {
    return 0;
  }
}
