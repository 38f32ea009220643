/** What is wrong with a template over all of its runs. Pure. */
import type { Template } from '../templates/types.ts';
import type { RunFacts } from './facts.ts';
import type { ProofReport } from './types.ts';

/** So many runs in which two checks always agree are no accident. */
const enoughRuns = 6;

export interface WholeFinding {
  readonly code: 'never-felled' | 'same-column';
  readonly message: string;
  readonly check: string;
}

/** @param runs all that the template has: of some of them nothing can be said. */
export function wholeFindings(template: Template, runs: readonly RunFacts[]): readonly WholeFinding[] {
  return [...neverFelled(template, runs), ...sameColumns(template, runs)];
}

function neverFelled(template: Template, runs: readonly RunFacts[]): readonly WholeFinding[] {
  return template.checks.flatMap(({ id, guard }): WholeFinding[] => {
    const felled = runs.filter(({ cells }) => cells.some(({ check, own }) => check === id && own === 'fail'));
    if (felled.length === 0) {
      const message = 'no run fells it by itself: a wrong way must show that it can';
      return [{ code: 'never-felled', check: id, message }];
    }
    if (!guard || felled.some(({ kind }) => kind === 'wrong')) return [];
    const message = 'it is a guard and no wrong way fells it by itself: nothing shows that it sees damage';
    return [{ code: 'never-felled', check: id, message }];
  });
}

function sameColumns({ checks }: Template, runs: readonly RunFacts[]): readonly WholeFinding[] {
  const telling = runs.filter(
    ({ kind, otherValues, like, cells }) =>
      like === null &&
      !otherValues &&
      cells.length > 0 &&
      ['start', 'solution', 'wrong', 'mutation'].includes(kind),
  );
  if (telling.length < enoughRuns) return [];
  const columnOf = (id: string) =>
    telling.map(({ cells }) => cells.find(({ check }) => check === id)?.verdict ?? '?').join(' ');
  const columns = checks.map(({ id }) => ({ id, column: columnOf(id) }));
  return columns.flatMap(({ id, column }, at): WholeFinding[] => {
    const twin = columns.slice(0, at).find((one) => one.column === column);
    if (twin === undefined) return [];
    const message = `in all ${telling.length} runs it has the verdict of ${twin.id}: one of the two tells nothing`;
    return [{ code: 'same-column', check: id, message }];
  });
}

/** Of runs that should be equal, how many were not, by check. */
export function flakesOf(runs: readonly RunFacts[]): ProofReport['flakes'] {
  const flakes: Record<string, { runs: number; differing: number }> = {};
  for (const run of runs) {
    const first = run.like === null ? undefined : runs.find(({ name }) => name === run.like);
    for (const cell of first?.cells ?? []) {
      const twin = run.cells.find(({ check }) => check === cell.check);
      if (twin === undefined) continue;
      const so = flakes[cell.check] ?? { runs: 0, differing: 0 };
      so.runs += 1;
      if (twin.verdict !== cell.verdict || twin.points !== cell.points) so.differing += 1;
      flakes[cell.check] = so;
    }
  }
  return flakes;
}
