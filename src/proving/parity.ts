/** The same verdicts on every backend: runs of one compared with those of the backend that proved everything. Pure. */
import type { BackendName } from '../templates/types.ts';
import type { Finding, RunFacts } from './facts.ts';
import type { Cell, ProofReport } from './types.ts';

/** What runs of a template came to on another backend, by their names; those that could not be graded are not there. */
export interface Elsewhere {
  readonly backend: BackendName;
  readonly runs: ReadonlyMap<string, readonly Cell[]>;
  /** It was proved there: to agree with it is worth something. */
  readonly isSound: boolean;
}

export function elsewhereOf({
  backend,
  runs,
  outcome,
}: Pick<ProofReport, 'backend' | 'runs' | 'outcome'>): Elsewhere {
  const graded = runs.filter(({ cells }) => cells.length > 0);
  const isSound = outcome === 'proved';
  return { backend, runs: new Map(graded.map(({ name, cells }) => [name, cells])), isSound };
}

/** A finding for each check of this run whose verdict or points are others there. */
export function parityFindings(here: BackendName, run: RunFacts, there: Elsewhere): readonly Finding[] {
  const cells = there.runs.get(run.name) ?? [];
  return cells.flatMap((cell): Finding[] => {
    const twin = run.cells.find(({ check }) => check === cell.check);
    if (twin === undefined || (twin.verdict === cell.verdict && twin.points === cell.points)) return [];
    const message = `${there.backend}: ${told(cell)}; ${here}: ${told(twin)}`;
    return [{ code: 'backends-differ', check: cell.check, message }];
  });
}

/** `fail with 0 points (It has 7 people., saw town: {…})`. */
function told({ verdict, points, message, seen }: Cell): string {
  const why = [...(message === null ? [] : [message]), ...(seen === undefined ? [] : [`saw ${seen}`])];
  return `${verdict} with ${points} points${why.length === 0 ? '' : ` (${why.join(', ')})`}`;
}
