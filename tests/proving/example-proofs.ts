import type { Cell, Defect, ProofReport, RunReport } from '../../src/proving/types.ts';

export function aDefect(given: Partial<Defect> = {}): Defect {
  return {
    code: 'not-solved',
    severity: 'error',
    message: 'city-right: fail',
    run: null,
    check: null,
    file: null,
    line: null,
    ...given,
  };
}

export function aCell(check: string, given: Partial<Cell> = {}): Cell {
  return { check, verdict: 'pass', points: 10, own: 'pass', message: null, ...given };
}

export function aRun(name: string, given: Partial<RunReport> = {}): RunReport {
  return {
    name,
    kind: 'solution',
    cells: [aCell('city-right'), aCell('row-kept', { points: 5 })],
    notes: [],
    defects: [],
    seconds: 1.5,
    resumed: false,
    ...given,
  };
}

/** Proved, with one run, unless something else is given. */
export function aProof(given: Partial<ProofReport> = {}): ProofReport {
  return {
    template: 'a-town',
    title: 'Name the town',
    hash: 'ab'.repeat(32),
    backend: 'process',
    checks: [
      { id: 'city-right', title: 'The city is right', points: 10 },
      { id: 'row-kept', title: 'The row was kept', points: 5 },
    ],
    runs: [aRun('by-sql')],
    defects: [],
    flakes: {},
    seconds: 2,
    outcome: 'proved',
    why: null,
    ...given,
  };
}
