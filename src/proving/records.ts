/**
 * Templates that were proved as they are, over the platform as it is, each backend by itself: they need not be proved
 * again at every change. A record is written only by a whole proof without an error; it holds the verdicts too, which
 * proofs on other backends must agree with.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { BackendName, TemplateVersion } from '../templates/types.ts';
import type { Elsewhere } from './parity.ts';
import type { Cell, ProofReport } from './types.ts';

/** Every template is proved again once in so many days, record or not: it may have rested on what no key holds. */
const everyDays = 5;

export interface ProofRecords {
  /** Whether this template, as it is, has to be proved on this backend at this run. */
  isDue(version: TemplateVersion, backend: BackendName): boolean;
  /** What its runs came to when it was recorded as it is; null when it was not. */
  verdicts(version: TemplateVersion, backend: BackendName): Elsewhere | null;
  keep(version: TemplateVersion, report: Pick<ProofReport, 'backend' | 'runs'>): void;
}

const recorded = z.object({
  template: z.string(),
  platform: z.string(),
  /** Run → check → `pass 10`. */
  verdicts: z.record(
    z.string(),
    z.record(z.string(), z.string().regex(/^(pass|fail|error|blocked) [\d.]+$/)),
  ),
});
type Recorded = z.output<typeof recorded>;

/** Mutations are run on one backend only. */
const comparable: readonly string[] = ['start', 'solution', 'again', 'rerun', 'reset', 'wrong'];

/**
 * @param platformOf what decides verdicts on a backend beside the template.
 * @param today counts days, from whenever.
 */
export function openProofRecords(
  folder: string,
  platformOf: (backend: BackendName) => string,
  today: number,
): ProofRecords {
  const file = ({ template }: TemplateVersion, backend: BackendName) => join(folder, backend, template.id);

  /** Null when there is none of the template and the platform as they are. */
  function read(version: TemplateVersion, backend: BackendName): Recorded | null {
    try {
      const { data = null } = recorded.safeParse(JSON.parse(readFileSync(file(version, backend), 'utf8')));
      return data?.template === version.hash && data.platform === platformOf(backend) ? data : null;
    } catch {
      return null;
    }
  }

  return {
    isDue(version, backend) {
      const turn = createHash('sha256').update(`${version.template.id} ${backend}`).digest().readUInt16BE();
      return turn % everyDays === today % everyDays || read(version, backend) === null;
    },
    verdicts(version, backend) {
      const found = read(version, backend);
      if (found === null) return null;
      const runs = Object.entries(found.verdicts).map(([run, cells]) => [run, cellsOf(cells)] as const);
      return { backend, runs: new Map(runs), isSound: true };
    },
    keep(version, { backend, runs }) {
      const path = file(version, backend);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, textOf(version.hash, platformOf(backend), runs));
    },
  };
}

function cellsOf(recordedCells: Readonly<Record<string, string>>): readonly Cell[] {
  return Object.entries(recordedCells).map(([check, text]) => {
    const [verdict, points] = text.split(' ') as [Cell['verdict'], string];
    return { check, verdict, points: Number(points), own: verdict, message: null };
  });
}

/** JSON with a line a run, so that a change of a verdict is a line of a diff. */
function textOf(template: string, platform: string, runs: ProofReport['runs']): string {
  const lines = runs
    .filter(({ kind, cells }) => comparable.includes(kind) && cells.length > 0)
    .map(({ name, cells }) => {
      const verdicts = cells.map(({ check, verdict, points }) => [check, `${verdict} ${points}`] as const);
      return `    ${JSON.stringify(name)}: ${JSON.stringify(Object.fromEntries(verdicts))}`;
    });
  return [
    '{',
    `  "template": ${JSON.stringify(template)},`,
    `  "platform": ${JSON.stringify(platform)},`,
    '  "verdicts": {',
    lines.join(',\n'),
    '  }',
    '}',
    '',
  ].join('\n');
}
