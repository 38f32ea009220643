/**
 * PostgreSQL refuses to run as root, and a trainee's programs must not run as root either. So as root there are three
 * system users, one for PostgreSQL, one for labs and one for what stands beside them out of their reach; a normal user
 * runs everything as themselves.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';
import { LabError } from '../lab/errors.ts';

const run = promisify(execFile);

export interface OsUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export interface OsUsers {
  /** Owner of the clusters; null: whoever runs Labwright. */
  readonly postgres: OsUser | null;
  /** Owner of workspaces and of what runs for trainees; null: whoever runs Labwright. */
  readonly lab: OsUser | null;
  /** Owner of the journals of partners and loads, which labs must not reach; null: whoever runs Labwright. */
  readonly partner: OsUser | null;
}

const postgresUser = 'labwright-pg';
const labUser = 'labwright-lab';
const partnerUser = 'labwright-partner';

/**
 * The users to run as. As root the three system users are created when they are absent, which `say` is told.
 * Throws LabError `start_failed` that says what to do when they cannot be had.
 */
export async function ensureOsUsers(say: (message: string) => void = () => {}): Promise<OsUsers> {
  const postgres = await ensurePostgresUser(say);
  if (process.getuid?.() !== 0) return { postgres, lab: null, partner: null };
  return {
    postgres,
    lab: await ensureSystemUser(labUser, say),
    partner: await ensureSystemUser(partnerUser, say),
  };
}

/** The one of these for installations that run no labs as processes. */
export async function ensurePostgresUser(say: (message: string) => void = () => {}): Promise<OsUser | null> {
  if (process.getuid?.() === 0) return ensureSystemUser(postgresUser, say);
  try {
    userInfo();
  } catch (cause) {
    throw new LabError(
      'start_failed',
      `User id ${process.getuid?.()} has no entry in /etc/passwd, and PostgreSQL does not start without one. ` +
        'Run as a user that exists, or add an entry (in a container: a USER that the image knows).',
      { cause },
    );
  }
  return null;
}

/** The options of `spawn` that make a child run as this user. */
export function asUser(user: OsUser | null): { readonly uid?: number; readonly gid?: number } {
  return user === null ? {} : { uid: user.uid, gid: user.gid };
}

async function ensureSystemUser(name: string, say: (message: string) => void): Promise<OsUser> {
  const there = await lookUp(name);
  if (there !== null) return there;
  say(`Running as root: creating the system user ${name}`);
  // Another Labwright may be creating it in this moment: then useradd finds /etc/passwd locked, or the name taken.
  let failure: unknown = null;
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const args = ['--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent'];
    await run('useradd', [...args, '--shell', '/usr/sbin/nologin', name]).catch((cause: unknown) => {
      failure = cause;
    });
    const made = await lookUp(name);
    if (made !== null) return made;
    await new Promise((resolve) => setTimeout(resolve, 100 * (attempt + 1)));
  }
  throw new LabError(
    'start_failed',
    `Running as root needs the system user ${name}, and it could not be created. ` +
      `Create it (useradd --system ${name}), or run Labwright as a normal user.`,
    { cause: failure },
  );
}

async function lookUp(name: string): Promise<OsUser | null> {
  // Read first: two programs less at every start. Users from elsewhere (LDAP) are only known to `id`.
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (uid !== undefined && gid !== undefined) return { name, uid: Number(uid), gid: Number(gid) };
  try {
    const [user, group] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { name, uid: Number(user.stdout), gid: Number(group.stdout) };
  } catch {
    return null;
  }
}
