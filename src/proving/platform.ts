/** What decides verdicts beside the template, whose hash holds its folder, the sample API and the generator. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { BackendName } from '../templates/types.ts';

/** On every backend. */
const deciding = [
  'src/actions',
  'src/grading',
  'src/observers',
  'src/program',
  'src/proving',
  'src/sandbox/files',
  'src/sandbox/postgres',
  'src/stub',
  'src/templates',
  'src/traffic',
  'src/compose/solve-lab.ts',
];

/** Where labs are made of containers, with what is put into the image of labs' programs and workspaces. */
const inImages = ['src/sandbox/containers', 'src/gateway', 'src/images', 'Dockerfile', '.dockerignore'];

/** And on each by itself: a change of one says nothing about the proofs on another. */
const decidingOn: Readonly<Record<BackendName, readonly string[]>> = {
  process: ['src/sandbox/process'],
  docker: ['src/sandbox/docker', ...inImages],
  kubernetes: ['src/sandbox/kubernetes', ...inImages],
};

/** What is made of what was found decides nothing. */
const telling = ['defects', 'github', 'json', 'junit', 'matrix', 'remedies'].map(
  (name) => `src/proving/${name}.ts`,
);

/** Of everything on this side that decides verdicts on this backend. @param root the folder that holds `src`. */
export function platformHash(root: string, backend: BackendName): string {
  const shared = readdirSync(join(root, 'src/sandbox'))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `src/sandbox/${name}`);
  return hashOfSources(root, [...deciding, ...shared, ...decidingOn[backend]], telling);
}

/**
 * Of these files, and of all TypeScript and SQL files below these folders, by their names and contents; what is absent
 * counts as empty.
 */
export function hashOfSources(root: string, paths: readonly string[], but: readonly string[] = []): string {
  const hash = createHash('sha256');
  for (const path of paths.flatMap((one) => sourcesBelow(root, one)).sort()) {
    if (but.includes(path)) continue;
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0');
  }
  return hash.digest('hex');
}

function sourcesBelow(root: string, path: string): readonly string[] {
  const full = join(root, path);
  if (!existsSync(full)) return [];
  if (!statSync(full).isDirectory()) return [path];
  return readdirSync(full, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|sql)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}
