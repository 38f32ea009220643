import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { LabError } from '../lab/errors.ts';
import { asUser, type OsUser } from './os-user.ts';

/**
 * Makes the folder with this owner and mode unless it is so already. Throws LabError `start_failed` that names the
 * folder in the way when the owner cannot get to it.
 */
export function ensureFolder(path: string, owner: OsUser | null, mode: number): void {
  mkdirSync(path, { recursive: true, mode: owner === null ? mode : 0o755 });
  const now = statSync(path);
  if ((now.mode & 0o777) !== mode) chmodSync(path, mode);
  if (owner === null) return;
  if (now.uid !== owner.uid || now.gid !== owner.gid) chownSync(path, owner.uid, owner.gid);
  if (canReach(path, owner)) return;
  let closed = dirname(path);
  while (dirname(closed) !== closed && !canReach(dirname(closed), owner)) closed = dirname(closed);
  throw new LabError(
    'start_failed',
    `User ${owner.name} cannot get to ${path}: ${closed} is closed to others. ` +
      `Allow it (chmod o+x ${closed}), or give a data folder elsewhere, such as /var/lib/labwright.`,
  );
}

/**
 * Whether this user can read the file, or enter the folder. What is open to everybody is taken as such; anything else
 * is tried and not computed: there are groups, ACLs and mounts.
 */
export function canReach(path: string, user: OsUser | null): boolean {
  if (user === null) return true;
  try {
    const real = realpathSync(path);
    const isFolder = statSync(real).isDirectory();
    if (isOpenToAll(real, isFolder)) return true;
    execFileSync('/usr/bin/test', [isFolder ? '-x' : '-r', real], {
      ...asUser(user),
      cwd: '/',
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
}

function isOpenToAll(path: string, isFolder: boolean): boolean {
  if ((statSync(path).mode & (isFolder ? 0o001 : 0o004)) === 0) return false;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false;
    if (dirname(folder) === folder) return true;
  }
}
