/**
 * The folder of one installation on this machine: databases, workspaces, the installation's key, saved tokens, and
 * who runs on it now. Files with secrets are readable by their owner only.
 */
import { randomBytes } from 'node:crypto';
import {
  accessSync,
  constants,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { identify, isAlive } from '../embedded/process-identity.ts';
import { LabError } from '../lab/errors.ts';

/** Who runs on a data folder. `url` is null until it listens, and for who never does: `try`, and a worker alone. */
export interface RunningServer {
  readonly pid: number;
  readonly startedAt: string;
  readonly what: string;
  /** It has started. */
  readonly ready: boolean;
  readonly url: string | null;
  readonly docsUrl: string | null;
}

/** The tokens that the first start made, kept so that later starts and commands can use them. */
export interface SavedTokens {
  readonly trainee: string;
  readonly instructor: string;
  /** For `labwright token`. */
  readonly admin: string;
}

/** Makes the folder where it is absent. Throws LabError `start_failed` that names it when it cannot be used. */
export function openDataFolder(path: string): void {
  try {
    // As root the databases and labs run as other users, who must get through to their own folders in it. What is
    // secret is closed file by file, so a strict umask would protect nothing and lock them out.
    const isRoot = process.getuid?.() === 0;
    if (isRoot) process.umask(0o022);
    mkdirSync(path, { recursive: true, mode: isRoot ? 0o755 : 0o700 });
    if (!statSync(path).isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    // Also a folder that says it is writable may be on a file system that is not.
    const probe = join(path, `.probe-${process.pid}`);
    writeFileSync(probe, '');
    rmSync(probe);
  } catch (cause) {
    throw new LabError(
      'start_failed',
      `The data folder ${path} cannot be used: ${reason(cause)}. ` +
        'Give one that you may write to with --data-dir or DATA_DIR.',
      { cause, extra: { dataDir: path } },
    );
  }
}

/**
 * Takes the folder for this process. Throws LabError `conflict` that names who has it; a holder that was killed has
 * it no more. Gives what announces the address, and what lets go.
 */
export function lockDataFolder(path: string, what: string) {
  const file = join(path, 'server.json');
  const self = identify(process.pid);
  const mine = {
    pid: process.pid,
    startedAt: self?.startedAt ?? '',
    what,
    ready: false,
    url: null,
    docsUrl: null,
  };
  for (let tries = 0; ; tries++) {
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, JSON.stringify(mine), { mode: 0o600 });
    try {
      // A link appears whole or not at all, and to exactly one of two that start together.
      linkSync(draft, file);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const holder = readRunningServer(path);
      if (holder !== null || tries === 3) throw alreadyRuns(path, holder);
      rmSync(file, { force: true });
    } finally {
      rmSync(draft, { force: true });
    }
  }
  return {
    announce(url: string | null, docsUrl: string | null) {
      writeWhole(file, JSON.stringify({ ...mine, ready: true, url, docsUrl }));
    },
    release() {
      if (readJson<RunningServer>(file)?.pid === process.pid) rmSync(file, { force: true });
    },
  };
}

/** Who runs on this folder now, or null. */
export function readRunningServer(path: string): RunningServer | null {
  const found = readJson<RunningServer>(join(path, 'server.json'));
  return found !== null && isAlive({ pid: found.pid, startedAt: found.startedAt }) ? found : null;
}

export const tokensFile = (path: string): string => join(path, 'tokens.json');

export function readTokens(path: string): SavedTokens | null {
  return readJson<SavedTokens>(tokensFile(path));
}

export function saveTokens(path: string, tokens: SavedTokens): void {
  writeWhole(tokensFile(path), `${JSON.stringify(tokens, null, 2)}\n`);
}

/** The key that all of this installation's secrets derive from: made at the first start, the same ever after. */
export function ensureInstallationKey(path: string, given: string | null): Buffer {
  if (given !== null) return Buffer.from(given, 'hex');
  const file = join(path, 'installation.key');
  const draft = `${file}.${process.pid}`;
  try {
    // A link appears whole or not at all: a full disk or a kill leaves no half key that every later start refuses.
    writeFileSync(draft, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  const key = Buffer.from(readFileSync(file, 'utf8').trim(), 'hex');
  if (key.length >= 32) return key;
  throw new LabError(
    'start_failed',
    `${file} does not hold an installation key (64 hexadecimal digits). Put the right one back, or give INSTALLATION_KEY.`,
  );
}

function alreadyRuns(path: string, holder: RunningServer | null): LabError {
  const who = holder === null ? 'another process' : `${holder.url ?? holder.what} (pid ${holder.pid})`;
  return new LabError(
    'conflict',
    `Labwright already runs with the data folder ${path}: ${who}. Stop it first, or give this one another --data-dir.`,
    { extra: { dataDir: path, ...(holder === null ? {} : { pid: holder.pid, url: holder.url }) } },
  );
}

function reason(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  const known: Record<string, string> = {
    EACCES: 'this user may not write there',
    EPERM: 'this user may not write there',
    EROFS: 'it is on a read-only file system',
    ENOTDIR: 'it is not a folder',
    EEXIST: 'it is not a folder',
    ENOSPC: 'the disk is full',
  };
  return known[code ?? ''] ?? message;
}

function readJson<T>(file: string): T | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return null;
  }
}

function writeWhole(file: string, text: string): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, file);
}
