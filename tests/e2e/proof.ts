/**
 * What a template promises of its own checks, as runs over labs: the start, every solution, every wrong way, and every
 * solution with one of its steps left out. Pure but for the doing, which the caller brings.
 */
import { createHash } from 'node:crypto';
import { surprisesOf } from '../../src/proving/surprises.ts';
import type { CheckSpec, StepSpec, Template } from '../../src/templates/types.ts';
import type { AttemptWire } from './client.ts';

export interface Run {
  readonly name: string;
  readonly kind: 'solution' | 'wrong' | 'mutation';
  readonly steps: readonly StepSpec[];
  /** What of the promise does not hold; empty when all is as it should be. */
  readonly judge: (attempt: AttemptWire) => readonly string[];
}

/** One line of the matrix: what a run found. */
export interface Row {
  readonly run: string;
  readonly attempt: AttemptWire | null;
  readonly problems: readonly string[];
  /** Steps that were not done, and why. */
  readonly notes: readonly string[];
}

export function solutionsOf(template: Template): readonly Run[] {
  return Object.entries(template.solutions).map(([id, steps]) => ({
    name: id,
    kind: 'solution',
    steps,
    judge: (attempt) => notSolved(template, attempt),
  }));
}

export function wrongsOf(template: Template): readonly Run[] {
  return template.wrong.map((wrong) => ({
    name: wrong.id,
    kind: 'wrong',
    steps: wrong.steps,
    judge: ({ results }) =>
      surprisesOf(wrong, template.checks, results).map(
        ({ check, expected, found }) => `${check}: expected ${expected}, found ${found}`,
      ),
  }));
}

/**
 * Each step of each solution left out once, or those that the template names; in an order that differs by `seed`, for
 * those who cannot do all.
 */
export function mutationsOf(template: Template, seed: string): readonly Run[] {
  const named = template.test.mutations;
  const runs = Object.entries(template.solutions).flatMap(([id, steps]) =>
    steps
      .filter((step) => step.kind !== 'wait' && step.allowIdle === null)
      .filter((step) => named === null || named.includes(step.id))
      .map(
        (dropped): Run => ({
          name: `${id} without ${dropped.id}`,
          kind: 'mutation',
          steps: steps.filter((step) => step !== dropped),
          judge: ({ results }) =>
            results.every(({ verdict }) => verdict === 'pass')
              ? [`no check misses the step ${dropped.id}`]
              : errorsIn(results),
        }),
      ),
  );
  const place = (run: Run) => createHash('sha256').update(`${seed}/${template.id}/${run.name}`).digest('hex');
  return runs.toSorted((a, b) => (place(a) < place(b) ? -1 : 1));
}

/** What a lab at its start must not give: points, or a pass that the template does not announce. */
export function problemsAtStart(template: Template, attempt: AttemptWire): readonly string[] {
  const given = (check: CheckSpec) => attempt.results.find((result) => result.check === check.id);
  const announced = template.checks.filter((check) => check.passesAtStart !== null);
  const most = announced.reduce((sum, check) => sum + (given(check)?.points ?? 0), 0);
  return [
    ...(attempt.points === most ? [] : [`${attempt.points} points at the start`]),
    ...template.checks.flatMap((check) => {
      const verdict = given(check)?.verdict;
      if (verdict === 'fail' || verdict === 'blocked') return [];
      if (verdict === 'pass' && (check.guard || check.passesAtStart !== null)) return [];
      return [`${check.id}: ${verdict ?? 'missing'} at the start`];
    }),
  ];
}

/** Verdicts and points that are not the same in two attempts. */
export function differences(first: AttemptWire, second: AttemptWire): readonly string[] {
  return first.results.flatMap((one) => {
    const other = second.results.find(({ check }) => check === one.check);
    if (other?.verdict === one.verdict && other.points === one.points) return [];
    return [`${one.check}: ${one.verdict} ${one.points}, then ${other?.verdict} ${other?.points}`];
  });
}

function notSolved(template: Template, attempt: AttemptWire): readonly string[] {
  const full = template.checks.reduce((sum, check) => sum + check.points, 0);
  return [
    ...(attempt.points === full ? [] : [`${attempt.points} of ${full} points`]),
    ...(attempt.results.length === template.checks.length ? [] : ['not every check has a result']),
    ...attempt.results.flatMap(({ check, verdict, message }) =>
      verdict === 'pass' ? [] : [`${check}: ${verdict} (${message})`],
    ),
  ];
}

function errorsIn(results: AttemptWire['results']): readonly string[] {
  return results.flatMap(({ check, verdict, internal }) =>
    verdict === 'error' ? [`${check}: error (${internal})`] : [],
  );
}

const marks = { pass: '✓', fail: '✗', error: '!', blocked: '·' } as const;

/** Runs down, checks across, for people: what each run found, and below it what is wrong with that. */
export function matrix(template: Template, rows: readonly Row[]): string {
  const width = Math.max(...rows.map(({ run }) => run.length), 5);
  const legend = template.checks.map((check, at) => `  ${at + 1} ${check.id} (${check.points})`);
  const head = template.checks.map((_, at) => String(at + 1).padStart(6)).join('');
  const lines = rows.flatMap(({ run, attempt, problems, notes }) => {
    const cells = template.checks.map(({ id }) => {
      const result = attempt?.results.find(({ check }) => check === id);
      const mark = result?.verdict == null ? '?' : marks[result.verdict];
      return `${mark}${result?.points ?? ''}`.padStart(6);
    });
    const about =
      problems.length > 0
        ? [...problems.map((text) => `      ✗ ${text}`), ...notes.map((text) => `      – ${text}`)]
        : [];
    return [`${problems.length > 0 ? '✗' : ' '} ${run.padEnd(width)}${cells.join('')}`, ...about];
  });
  return [`${template.id}:`, ...legend, `  ${' '.repeat(width)}${head}`, ...lines].join('\n');
}
