import type { Defect, ProofReport, RunReport } from './types.ts';

/** What a defect was found on, beside what it says. */
export interface FoundDefect extends Defect {
  readonly report: ProofReport;
}

/** All defects of a proof: those of the template first, then those of its runs, in their order. */
export function defectsOf(report: ProofReport): readonly FoundDefect[] {
  const found = [...report.defects, ...report.runs.flatMap((run) => run.defects)];
  return found.map((defect) => ({ ...defect, report }));
}

export const isError = ({ severity }: Defect) => severity === 'error';

/** `not-solved in by-sql: city-right: fail`: one defect in one piece of text, which may have several lines. */
export function describeDefect({ code, run, check, message }: Defect): string {
  const place = [run === null ? '' : ` in ${run}`, check === null ? '' : ` of ${check}`].join('');
  return `${code}${place}: ${message}`;
}

/** The most serious that a run, or the template itself, has. */
export function outcomeOf({ defects }: Pick<RunReport, 'defects'>): 'ok' | 'warned' | 'refused' {
  if (defects.some(isError)) return 'refused';
  return defects.length > 0 ? 'warned' : 'ok';
}
