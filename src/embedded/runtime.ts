/**
 * Programs that unprivileged users run: PostgreSQL, node, and our own: the sample API, partners and loads. They are used where they are; only when
 * the user cannot get to them (a checkout in root's closed home) they are copied under the data folder, once a version.
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { findPostgresBinaries } from './binaries.ts';
import { canReach, ensureFolder } from './folder.ts';
import { packagesOf } from './node-packages.ts';
import type { OsUser, OsUsers } from './os-user.ts';

export interface Runtime {
  /** PostgreSQL's `bin`, `lib` and `share`. */
  readonly postgres: string;
  readonly node: string;
  /** Folder of the sample API, with `main.ts` and `seed/main.ts`. */
  readonly sampleApi: string;
  /** Folders of a partner and of a load, with `main.ts`. */
  readonly stub: string;
  readonly traffic: string;
  /** `node_modules` with what they need. */
  readonly packages: string;
}

/** Folders of `src` whose programs run for labs, alone; and what partners and loads have in common. */
const programFolders = ['sample-api', 'stub', 'traffic', 'program'] as const;

/**
 * Where these users can run things from.
 * @param sampleApi the folder of the sample API in the checkout, beside which the other programs are.
 */
export function stageRuntime(
  dataDir: string,
  sampleApi: string,
  users: OsUsers,
  say: (message: string) => void = () => {},
): Runtime {
  const runtime = runtimeFolder(dataDir);
  return {
    postgres: stagePostgres(dataDir, [users.postgres, users.lab, users.partner], say),
    node: stageNode(runtime, users.lab, say),
    ...stagePrograms(runtime, sampleApi, users, say),
  };
}

/** PostgreSQL alone, where each of these users can run it from. */
export function stagePostgres(
  dataDir: string,
  users: readonly (OsUser | null)[],
  say: (message: string) => void = () => {},
): string {
  const { root, version } = findPostgresBinaries();
  if (users.every((user) => canReach(join(root, 'bin', 'postgres'), user))) return root;
  return once(join(runtimeFolder(dataDir), `postgres-${version}`), say, (to) => copy(root, to));
}

function runtimeFolder(dataDir: string): string {
  const folder = join(dataDir, 'runtime');
  ensureFolder(folder, null, 0o755);
  return folder;
}

function stageNode(runtime: string, user: OsUser | null, say: (message: string) => void): string {
  const node = process.execPath;
  if (canReach(node, user)) return node;
  const folder = once(join(runtime, `node-${process.version}`), say, (to) => copy(node, join(to, 'node')));
  return join(folder, 'node');
}

function stagePrograms(
  runtime: string,
  sampleApi: string,
  users: OsUsers,
  say: (message: string) => void,
): Omit<Runtime, 'postgres' | 'node'> {
  const checkout = resolve(sampleApi, '..', '..');
  const source = dirname(relative(checkout, sampleApi));
  const folders = programFolders.filter((name) => existsSync(join(checkout, source, name)));
  const within = (root: string) => ({
    sampleApi: join(root, source, 'sample-api'),
    stub: join(root, source, 'stub'),
    traffic: join(root, source, 'traffic'),
    packages: join(root, 'node_modules'),
  });
  // Reading one package is what they need besides their own files.
  const needed = [
    ...folders.map((name) => join(checkout, source, name, name === 'program' ? 'run.ts' : 'main.ts')),
    join(checkout, 'node_modules', 'pg', 'package.json'),
  ];
  const isOpen = needed.every((path) => canReach(path, users.lab) && canReach(path, users.partner));
  if (isOpen) return within(checkout);
  const paths = folders.map((name) => join(checkout, source, name));
  const staged = once(join(runtime, `programs-${hashOf(paths, checkout)}`), say, (to) => {
    for (const path of paths) copy(path, join(to, relative(checkout, path)));
    copy(join(checkout, 'package.json'), join(to, 'package.json'));
    const packages = new Set(paths.flatMap((path) => packagesOf(path, checkout)));
    for (const path of packages) copy(join(checkout, path), join(to, path));
  });
  return within(staged);
}

/** Fills the folder beside and renames it: what stands there is whole. */
function once(folder: string, say: (message: string) => void, fill: (folder: string) => void): string {
  if (existsSync(folder)) return folder;
  say(`Copying programs to ${folder}, since unprivileged users cannot read them where they are`);
  const building = `${folder}.building`;
  rmSync(building, { recursive: true, force: true });
  ensureFolder(building, null, 0o755);
  fill(building);
  renameSync(building, folder);
  return folder;
}

/**
 * Copies a file or a folder, links as what they lead to, readable by all: a checkout that was made with a strict umask
 * is closed file by file. Not `cpSync`: below the top it turns links into ones that lead back into the checkout.
 */
function copy(from: string, to: string): void {
  const found = statSync(from);
  if (found.isDirectory()) {
    makeOpen(to);
    for (const entry of readdirSync(from)) copy(join(from, entry), join(to, entry));
    return;
  }
  makeOpen(dirname(to));
  copyFileSync(from, to, constants.COPYFILE_FICLONE);
  chmodSync(to, (found.mode & 0o100) === 0 ? 0o644 : 0o755);
}

/** The folder and those above it that are not there yet. */
function makeOpen(folder: string): void {
  if (existsSync(folder)) return;
  makeOpen(dirname(folder));
  mkdirSync(folder);
  chmodSync(folder, 0o755);
}

function hashOf(folders: readonly string[], checkout: string): string {
  const hash = createHash('sha256').update(readFileSync(join(checkout, 'package-lock.json')));
  for (const folder of folders) {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    for (const path of files.map((file) => join(file.parentPath, file.name)).sort()) {
      hash.update(`${relative(checkout, path)}\0`).update(readFileSync(path));
    }
  }
  return hash.digest('hex').slice(0, 16);
}
