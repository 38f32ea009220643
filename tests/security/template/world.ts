/** A folder for templates with a secret beside it, and a lab's database for what templates ask it. */
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createJudge, type Judge } from '../../../src/grading/judge/thread.ts';
import { type LabDatabase, startLabDatabase } from '../../support/lab-database.ts';
import { changed, errorLines, parse } from '../../templates/support.ts';
import type { Worlds } from '../attack.ts';

export const secret = 'of-nobody-elses-business';

export interface TemplateWorld {
  readonly root: string;
  /** A file outside of every template's folder. */
  readonly secretFile: string;
  readonly db: LabDatabase;
  readonly judge: Judge;
  /** A new empty template folder. */
  folder(): Promise<string>;
}

export const templateWorlds: Worlds<TemplateWorld> = {
  async start() {
    const root = await mkdtemp(join(tmpdir(), 'labwright-attacks-'));
    const secretFile = join(root, 'secret.txt');
    await writeFile(secretFile, secret);
    return {
      root,
      secretFile,
      db: await startLabDatabase(),
      judge: createJudge(),
      async folder() {
        const made = join(root, randomUUID());
        await mkdir(made);
        return made;
      },
    };
  },
  async stop({ root, db, judge }) {
    await judge.close();
    await db.stop();
    await rm(root, { recursive: true, force: true });
  },
};

/** The example of the language with a change to its `lab.yaml`: whether it loads, and what it is told. */
export async function load(...changes: readonly (readonly [string, string])[]) {
  const files = await changed('customer-lifecycle', ...changes);
  return { template: parse(files).template, errors: errorLines(files) };
}
