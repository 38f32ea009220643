import { execFile } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LabError } from '../lab/errors.ts';
import { asUser, type OsUser } from './os-user.ts';

const run = promisify(execFile);

export interface NewDataDirectory {
  /** Folder of the cluster, owned by `user`; the data directory becomes `<folder>/data`. */
  readonly folder: string;
  /** Folder with PostgreSQL's `bin`, `lib` and `share`. */
  readonly binaries: string;
  readonly user: OsUser | null;
  /** Of the superuser `postgres`. */
  readonly password: string;
  /** False saves about a second and is right where the data may be lost with the machine. */
  readonly durable: boolean;
  /** More arguments of initdb. */
  readonly initdb?: readonly string[];
}

/** Makes the data directory of a cluster unless it is there. Throws LabError `start_failed` with initdb's own words. */
export async function ensureDataDirectory(cluster: NewDataDirectory): Promise<string> {
  const data = join(cluster.folder, 'data');
  if (existsSync(join(data, 'PG_VERSION'))) return data;
  // Built beside and renamed: a killed initdb never leaves something that looks like a cluster.
  const building = join(cluster.folder, 'data.building');
  const passwordFile = join(cluster.folder, 'password.building');
  rmSync(building, { recursive: true, force: true });
  mkdirSync(building, { mode: 0o700 });
  writeFileSync(passwordFile, `${cluster.password}\n`, { mode: 0o600 });
  if (cluster.user !== null) {
    for (const path of [building, passwordFile]) chownSync(path, cluster.user.uid, cluster.user.gid);
  }
  try {
    const args = [`--pgdata=${building}`, '--username=postgres', `--pwfile=${passwordFile}`];
    // The built-in locale sorts and folds alike on every machine, whatever locales are installed there.
    args.push('--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8');
    args.push('--auth=scram-sha-256', ...(cluster.durable ? [] : ['--no-sync']), ...(cluster.initdb ?? []));
    await run(join(cluster.binaries, 'bin', 'initdb'), args, {
      ...asUser(cluster.user),
      cwd: cluster.folder,
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    });
  } catch (cause) {
    const said = (cause as { stderr?: string }).stderr ?? '';
    throw new LabError('start_failed', `initdb failed in ${cluster.folder}: ${said.trim()}`, { cause });
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(building, data);
  return data;
}
