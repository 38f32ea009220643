/** The good template of `tests/templates-bad` and the one whose verdicts differ, on two backends. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/config.ts';
import { defectsOf, describeDefect } from '../../src/proving/defects.ts';
import { elsewhereOf } from '../../src/proving/parity.ts';
import { type ProvingParts, proveTemplate } from '../../src/proving/prove.ts';
import type { ProofReport } from '../../src/proving/types.ts';

/** @param root a folder that is made. */
export function copyTemplates(root: string): void {
  mkdirSync(root, { recursive: true });
  for (const name of ['base', 'backends-differ']) {
    const folder = join(root, name);
    cpSync(join(projectRoot, 'tests', 'templates-bad', name), folder, { recursive: true });
    const file = join(folder, 'lab.yaml');
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace('backends: [process]', 'backends: [process, docker]'),
    );
  }
}

/** Everything on process, and on docker what must be the same there. */
export async function proveOnBoth(
  parts: ProvingParts,
  name: string,
): Promise<{ readonly first: ProofReport; readonly other: ProofReport }> {
  const version = await parts.runtime.templates.load(name);
  if (version === null) throw new Error(`${name} does not load`);
  const signal = AbortSignal.timeout(550_000);
  const first = await proveTemplate(parts, version, { backend: 'process' }, signal);
  const like = elsewhereOf(first);
  return { first, other: await proveTemplate(parts, version, { backend: 'docker', like }, signal) };
}

export const told = (report: ProofReport) => defectsOf(report).map(describeDefect);
