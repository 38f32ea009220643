/** What is wrong with a run, as far as the run and those that it is compared with tell. Pure. */
import type { CheckSpec, Template } from '../templates/types.ts';
import type { Finding, RunFacts } from './facts.ts';
import { startOf } from './jobs.ts';
import { surprisesOf } from './surprises.ts';
import type { Cell, DefectCode } from './types.ts';

/** What the run shows, and what doing it has shown. @param other a run of the same proof by its name. */
export function findingsOf(
  template: Template,
  run: RunFacts,
  other: (name: string) => RunFacts | undefined,
): readonly Finding[] {
  if (run.cells.length === 0) return run.found;
  return [...run.found, ...rule(template, run, other)];
}

function rule(
  template: Template,
  run: RunFacts,
  other: (name: string) => RunFacts | undefined,
): readonly Finding[] {
  if (run.like !== null) {
    const like = other(run.like);
    return like === undefined ? [] : unlike('flaky', like, run);
  }
  switch (run.kind) {
    case 'start':
      return startFindings(template, run.cells);
    case 'reset': {
      const start = other(startOf(run.of));
      return start === undefined ? [] : unlike('reset-differs', start, run);
    }
    case 'solution': {
      const found = notSolved(template, run);
      const first = other(run.of);
      const isFit = first !== undefined && notSolved(template, first).length === 0;
      if (!run.otherValues || !isFit) return found;
      return found.map((one) => ({ ...one, code: 'over-fitted' }));
    }
    case 'again':
    case 'rerun': {
      const once = other(run.of);
      const code = run.kind === 'again' ? 'grading-differs' : 'rerun-differs';
      return once === undefined ? [] : unlike(code, once, run);
    }
    case 'wrong':
      return [...notAsNamed(template, run), ...errors(run.cells)];
    case 'mutation':
      return run.cells.every(({ verdict }) => verdict === 'pass')
        ? [{ code: 'idle-step', check: null, message: `no check misses the step ${run.dropped}` }]
        : errors(run.cells);
    case 'repeat':
      return [];
  }
}

/** Of a lab in which nothing was done: a guard may pass without points; what a template announces may have them. */
export function startFindings({ checks }: Template, cells: readonly Cell[]): readonly Finding[] {
  return cells.flatMap((cell): Finding[] => {
    const check = checks.find(({ id }) => id === cell.check);
    if (check === undefined) return [];
    if (cell.verdict === 'error') {
      return [{ code: 'error-at-start', check: check.id, message: told(cell) }];
    }
    if (check.passesAtStart !== null || isQuiet(check, cell)) return [];
    const message = `${cell.verdict} with ${cell.points} points before any work was done`;
    return [{ code: 'passes-at-start', check: check.id, message }];
  });
}

const isQuiet = (check: CheckSpec, { verdict, points }: Cell) =>
  points === 0 && (verdict !== 'pass' || check.guard);

function notSolved({ checks }: Template, { cells, undone }: RunFacts): readonly Finding[] {
  return [
    ...undone.map(({ id, outcome, reason }): Finding => {
      return { code: 'step-failed', check: null, message: `step ${id} ${outcome}: ${reason}` };
    }),
    ...checks.flatMap((check): Finding[] => {
      const cell = cells.find((one) => one.check === check.id);
      if (cell?.verdict === 'pass' && cell.points === check.points) return [];
      if (cell?.verdict === 'error') return [...errors([cell])];
      const found =
        cell === undefined ? 'it has no result' : `${cell.verdict}, ${cell.points} of ${check.points} points`;
      const why = cell?.message == null ? '' : `: ${cell.message}`;
      return [{ code: 'not-solved', check: check.id, message: `${found}${why}` }];
    }),
  ];
}

function notAsNamed(template: Template, { of, cells }: RunFacts): readonly Finding[] {
  const wrong = template.wrong.find(({ id }) => id === of);
  if (wrong === undefined) return [];
  // One that could not be judged is told as that, and is no fall.
  const surprises = surprisesOf(wrong, template.checks, cells).filter(({ found }) => found !== 'error');
  return surprises.map(({ check, expected, found }) => {
    const said = cells.find((cell) => cell.check === check)?.message;
    const why = said == null ? '' : ` (${said})`;
    return { code: 'wrong-differs', check, message: `expected ${expected}, found ${found}${why}` };
  });
}

function errors(cells: readonly Cell[]): readonly Finding[] {
  return cells
    .filter(({ verdict }) => verdict === 'error')
    .map((cell) => ({ code: 'grading-errs', check: cell.check, message: told(cell) }));
}

/** Checks whose verdict or points are not those of the other run. One that could not be judged is told as that. */
function unlike(code: DefectCode, one: RunFacts, other: RunFacts): readonly Finding[] {
  return one.cells.flatMap((cell): Finding[] => {
    const twin = other.cells.find(({ check }) => check === cell.check);
    if (twin?.verdict === 'error') return [...errors([twin])];
    // That the one could not be judged is told of its own run.
    if (twin === undefined || cell.verdict === 'error') return [];
    if (twin.verdict === cell.verdict && twin.points === cell.points) return [];
    const why = twin.message === null ? '' : ` (${twin.message})`;
    const message = `${cell.verdict} with ${cell.points} points in “${one.name}”, ${twin.verdict} with ${twin.points} here${why}`;
    return [{ code, check: cell.check, message }];
  });
}

const told = ({ message }: Cell) => message ?? 'it could not be judged';
