/** A small program, trainees' records, and the real program of the catalogue. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/config.ts';
import { parseProgram } from '../../src/programs/parse.ts';
import type { Fact, LabResult, NewFact, TraineeRecord } from '../../src/programs/record.ts';
import type { KnownLab, ParsedProgram, Program } from '../../src/programs/types.ts';
import { formatProblem } from '../../src/templates/problem.ts';

export const programsFolder = join(projectRoot, 'lab-templates', 'programs');

/** A template as programs know it: two tasks of two checks, and one check in none. */
export function lab(id: string, competencies: readonly string[] = []): KnownLab {
  return {
    id,
    title: `Title of ${id}`,
    competencies,
    checks: ['a1', 'a2', 'b1', 'b2', 'own-tests'],
    tasks: ['a', 'b'],
  };
}

export function parse(
  text: string,
  labs: readonly KnownLab[] = [],
  others: Readonly<Record<string, string>> = {},
): ParsedProgram {
  const bytes = (content: string) => new TextEncoder().encode(content);
  const files = Object.entries({ ...others, 'p.yaml': text });
  return parseProgram(new Map(files.map(([name, content]) => [name, bytes(content)])), 'p.yaml', labs);
}

/** Throws with all problems when it does not load. */
export function load(text: string, labs: readonly KnownLab[], others: Record<string, string> = {}): Program {
  const { program, problems } = parse(text, labs, others);
  if (program === null) throw new Error(problems.map(formatProblem).join('\n'));
  return program;
}

/** The certificate of the catalogue, with every lab that it plans built. */
export function thorbis(): Program {
  const read = (name: string) => readFileSync(join(programsFolder, name));
  const text = read('thorbis-technical-specialist.yaml').toString();
  const ids = [...text.matchAll(/^ {2}- (th-[a-z0-9-]+)$/gm)].map((match) => match[1] ?? '');
  const files = new Map<string, Uint8Array>([
    ['thorbis-technical-specialist.yaml', read('thorbis-technical-specialist.yaml')],
    ['competencies.yaml', read('competencies.yaml')],
  ]);
  const built = readdirSync(join(projectRoot, 'lab-templates', 'labs')).filter((id) => id.startsWith('th-'));
  const labs = [...ids, ...built].map((id) => lab(id));
  const { program, problems } = parseProgram(files, 'thorbis-technical-specialist.yaml', labs);
  if (program === null) throw new Error(problems.map(formatProblem).join('\n'));
  return program;
}

let counter = 0;

export function fact(kind: Fact['kind'], item: string, more: Partial<NewFact> = {}): Fact {
  return {
    id: String(++counter),
    trainee: 'ann',
    kind,
    item,
    on: '2026-01-05',
    hours: null,
    percent: null,
    marks: null,
    comment: null,
    withdrawn: false,
    by: 'teacher',
    at: new Date('2026-01-05T12:00:00Z'),
    ...more,
  };
}

/** A hand-in: `percent` of every check, or of each. */
export function handIn(
  id: string,
  percent: number | Readonly<Record<string, number>>,
  at = '2026-01-06T10:00:00Z',
  final = true,
): LabResult {
  const of = (check: string) => (typeof percent === 'number' ? percent : (percent[check] ?? 100));
  const checks = ['a1', 'a2', 'b1', 'b2', 'own-tests'].map((check) => ({
    id: check,
    tasks: check === 'own-tests' ? [] : [check.charAt(0)],
    points: of(check) / 5,
    maxPoints: 20,
  }));
  const points = checks.reduce((sum, check) => sum + check.points, 0);
  return { lab: id, final, at: new Date(at), points, maxPoints: 100, checks };
}

export function record(facts: readonly Fact[], results: readonly LabResult[]): TraineeRecord {
  return { trainee: 'ann', facts, results, open: {} };
}

export const now = new Date('2026-02-01T00:00:00Z');
