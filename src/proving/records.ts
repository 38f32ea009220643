/**
 * Templates that were proved as they are, over the platform as it is: they need not be proved again at every change.
 * A record is written only by a whole proof without an error.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { TemplateVersion } from '../templates/types.ts';

/** What decides verdicts beside the template, whose hash holds its folder, the sample API and the generator. */
const deciding = [
  'src/actions',
  'src/grading',
  'src/observers',
  'src/program',
  'src/proving',
  'src/sandbox',
  'src/stub',
  'src/templates',
  'src/traffic',
  'src/compose/solve-lab.ts',
];
/** What is made of what was found decides nothing. */
const telling = ['defects', 'github', 'json', 'junit', 'matrix', 'remedies'].map(
  (name) => `src/proving/${name}.ts`,
);

/** Every template is proved again once in so many days, record or not: it may have rested on what no key holds. */
const everyDays = 5;

/** Of everything on this side that decides verdicts. @param root the folder that holds `src`. */
export function platformHash(root: string): string {
  return hashOfSources(root, deciding, telling);
}

export interface ProofRecords {
  /** Whether this template, as it is, has to be proved at this run. */
  isDue(version: TemplateVersion): boolean;
  keep(version: TemplateVersion): void;
}

/** @param today counts days, from whenever. */
export function openProofRecords(folder: string, platform: string, today: number): ProofRecords {
  const file = ({ template }: TemplateVersion) => join(folder, template.id);
  const keyOf = ({ hash }: TemplateVersion) => `${hash} ${platform}\n`;
  return {
    isDue(version) {
      const turn = createHash('sha256').update(version.template.id).digest().readUInt16BE();
      if (turn % everyDays === today % everyDays) return true;
      return textOf(file(version)) !== keyOf(version);
    },
    keep(version) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(file(version), keyOf(version));
    },
  };
}

/** Of all TypeScript and SQL files below these, by their names and contents. */
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
  if (/\.(ts|sql)$/.test(path)) return [path];
  return readdirSync(join(root, path), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|sql)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
