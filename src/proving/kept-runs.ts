/** Runs of a proof that was interrupted, in files: another one of the same template over the same platform goes on. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunFacts } from './facts.ts';
import type { KeptRuns } from './prove.ts';

/** @param key everything that decides what a run comes to. */
export function keptRuns(root: string, key: readonly string[]): KeptRuns {
  const folder = join(root, hashOf(key.join('\0')));
  const fileOf = (job: string) => join(folder, `${hashOf(job)}.json`);
  return {
    load(job) {
      try {
        return JSON.parse(readFileSync(fileOf(job), 'utf8')) as readonly RunFacts[];
      } catch {
        return null;
      }
    },
    save(job, runs) {
      try {
        mkdirSync(folder, { recursive: true });
        // Whole or not at all: a kill in between costs one run.
        writeFileSync(`${fileOf(job)}.new`, JSON.stringify(runs));
        renameSync(`${fileOf(job)}.new`, fileOf(job));
      } catch {
        // Where nothing can be kept an interrupted proof begins anew.
      }
    },
    clear: () => rmSync(folder, { recursive: true, force: true }),
  };
}

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 32);
