/** Which of a program's files are its source, and what is in them. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { ifThere, type OpenFolder, openBeneath } from './beneath.ts';
import { pathParts, step } from './glob.ts';
import { readOne } from './workspace-files.ts';

/** More than any program here has; a trainee's tree without end costs no more than this. */
const mostEntries = 5_000;
const mostFolders = 300;
const deepest = 16;
const largestFile = 1024 * 1024;

/**
 * What programs are written in. Not what they write at run time: data, logs, uploads. A program that touches its own
 * files must not be started again for that, so contents are compared and not times.
 */
const sourceName = /\.(ts|mts|cts|js|mjs|cjs|json5?|py|rb|go|sh|sql|ya?ml|html|css|graphql|proto)$/;
const dataName = /\.json5?$/;
const manifests: ReadonlySet<string> = new Set(['package.json', 'tsconfig.json']);
const skipped = (name: string) => name === 'node_modules' || name.startsWith('.');

export interface SourceScan {
  /** The same for the same files with the same contents. */
  readonly fingerprint: string;
  /** By path below the folder. */
  readonly hashes: ReadonlyMap<string, string>;
  /** Paths of its folders, itself among them, to be watched. */
  readonly folders: readonly string[];
}

/** Whether a path matches one of the globs. */
export function matchesAny(globs: readonly string[], path: string): boolean {
  return globs.some((glob) => {
    let patterns: readonly (readonly string[])[] = [pathParts(glob)];
    for (const part of path.split('/')) patterns = step(patterns, part);
    return patterns.some((pattern) => pattern.length === 0);
  });
}

/** Whether a change of this file is one of the program. JSON is mostly data, so it counts where it is to be edited. */
export function isSource(path: string, editable: readonly string[]): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (manifests.has(name) || matchesAny(editable, path)) return true;
  return sourceName.test(name) && !dataName.test(name);
}

export const hashOf = (content: Uint8Array): string => createHash('sha256').update(content).digest('base64');

/**
 * Reads the program's files, without following links, at most as many as any program here has.
 * @param root a folder whose own path the trainee cannot change. @param below where the program is in it.
 */
export async function scanSource(root: string, editable: readonly string[], below = ''): Promise<SourceScan> {
  const hashes = new Map<string, string>();
  const folders = await visitFolders(root, below, async (open, path, name) => {
    if (!isSource(`${path}${name}`, editable)) return;
    const file = await ifThere(readOne(open, name, largestFile));
    if (file !== null) hashes.set(`${path}${name}`, file.content === null ? 'large' : hashOf(file.content));
  });
  return { fingerprint: hashOf(Buffer.from(JSON.stringify([...hashes]))), hashes, folders };
}

/** As the `folders` of a scan, of which nothing is read. */
export function sourceFolders(root: string, below: string): Promise<readonly string[]> {
  return visitFolders(root, below, async () => {});
}

async function visitFolders(
  root: string,
  below: string,
  onFile: (folder: OpenFolder, path: string, name: string) => Promise<void>,
): Promise<readonly string[]> {
  const folders: string[] = [];
  let seen = 0;

  async function visit(open: OpenFolder, path: string, depth: number): Promise<void> {
    if (folders.length < mostFolders) folders.push(join(root, below, path));
    for (const name of [...(await open.names())].sort()) {
      seen += 1;
      if (seen > mostEntries) return;
      if (skipped(name)) continue;
      const child = depth < deepest ? await ifThere(open.folder(name)) : null;
      if (child !== null) {
        await visit(child, `${path}${name}/`, depth + 1).finally(() => child.close());
      } else await onFile(open, path, name);
    }
  }

  const top = await ifThere(openBeneath(root, below));
  if (top !== null) await visit(top, '', 0).finally(() => top.close());
  return folders;
}

/**
 * What was changed, added or removed that the trainee is not meant to edit, for people; null when nothing was.
 * @param delivered the program's files as the trainee got them, by path below the folder.
 */
export function changedOutside(
  { hashes }: SourceScan,
  delivered: ReadonlyMap<string, string>,
  editable: readonly string[],
): string | null {
  if (editable.length === 0) return null;
  const changed = [...new Set([...hashes.keys(), ...delivered.keys()])]
    .filter((path) => isSource(path, editable) && !matchesAny(editable, path))
    .filter((path) => !path.split('/').some(skipped) && hashes.get(path) !== delivered.get(path))
    .sort();
  if (changed.length === 0) return null;
  const more = changed.length > 3 ? ` and ${changed.length - 3} more` : '';
  return `Changed beside what is to be edited: ${changed.slice(0, 3).join(', ')}${more}.`;
}
