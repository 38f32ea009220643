/**
 * Templates that were proved as they are, over the platform as it is: they need not be proved again at every run. A
 * record is written only by a proof in which every run was done and none had a problem (`LABWRIGHT_WRITE_PROOFS=1`).
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/config.ts';
import type { TemplateVersion } from '../../src/templates/types.ts';

/** What decides verdicts beside the template, whose hash holds its folder, the sample API and the generator. */
const deciding = [
  ...[
    'src/actions',
    'src/grading',
    'src/observers',
    'src/sandbox',
    'src/stub',
    'src/templates',
    'src/traffic',
  ],
  ...['src/compose/solve-lab.ts', 'tests/e2e/every-lab.test.ts', 'tests/e2e/proof.ts'],
];

/** Every template is proved again once in so many days, record or not: it may have rested on what no key holds. */
const everyDays = 5;

export interface ProofRecords {
  /** Whether this template, as it is, has to be proved at this run. */
  isDue(version: TemplateVersion): boolean;
  keep(version: TemplateVersion): void;
}

/** @param today counts days, from whenever. */
export function openProofRecords(today: number, folder = join(projectRoot, '.proofs')): ProofRecords {
  const platform = hashOfSources(projectRoot, deciding);
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
export function hashOfSources(root: string, paths: readonly string[]): string {
  const hash = createHash('sha256');
  for (const path of paths.flatMap((one) => sourcesBelow(root, one)).sort()) {
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
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length));
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
