/**
 * The proof of a template: what was run, what each run found, and what is wrong with that. Everything here is data;
 * reports are made from it and nothing else.
 */
import type { Verdict } from '../grading/types.ts';
import type { BackendName } from '../templates/types.ts';

/**
 * What can be wrong with a template that loads. Codes are stable: they stand in reports and in what CI is told.
 * Each is found by one rule, and `tests/templates-bad` has a template for each.
 */
export const defectCodes = {
  // Found by reading it.
  'does-not-load': 'it does not load',
  'secret-told': 'a hint, a message or a text shows a secret or what a check compares with',
  'timing-unbanded': 'an expectation compares times and states no `noise` band',
  // At the start.
  'passes-at-start': 'a check passes, or gives points, before any work was done',
  'error-at-start': 'a check cannot be judged at the start',
  // Solutions.
  'step-failed': 'a step of a solution could not be done, as the trainee and with their rights',
  'not-solved': 'a solution does not pass every check with full points',
  'over-fitted': 'a solution solves one draw of the parameters and not another',
  'rerun-differs': 'the same solution twice changes what is graded',
  // Wrong ways.
  'wrong-differs': 'a wrong way does not fell exactly the checks that it names',
  // Mutation.
  'idle-step': 'no check misses a step of a solution',
  'never-felled': 'no run fells a check by itself',
  // Grading.
  'grading-errs': 'a check cannot be judged',
  'grading-differs': 'grading twice gives different verdicts',
  'grading-changes': 'grading changes the lab that it looks at',
  flaky: 'equal runs give different verdicts',
  'timing-inside-band': 'a time is so near to its limit that noise decides',
  // Lab.
  'lab-fails': 'a lab of it does not become ready',
  'reset-differs': 'a reset does not bring back the start',
  leaks: 'something is left when its lab is gone',
  'over-budget': 'it takes longer, or needs more memory, than its `test.budget`',
  // Backends.
  'backends-differ': 'a check has another verdict on another backend',
  // Warnings.
  'same-column': 'two checks have the same verdict in every run',
} as const;

export type DefectCode = keyof typeof defectCodes;

export interface Defect {
  readonly code: DefectCode;
  readonly severity: 'error' | 'warning';
  /** For the author: what was found and what was expected. */
  readonly message: string;
  /** Of what it was found on; null where it is about the whole template. */
  readonly run: string | null;
  readonly check: string | null;
  /** Place in the folder, for annotations; null when it has none. Lines count from 1. */
  readonly file: string | null;
  readonly line: number | null;
}

export type RunKind = 'start' | 'solution' | 'rerun' | 'wrong' | 'mutation' | 'again' | 'reset' | 'repeat';

/** What one check came to in one run. */
export interface Cell {
  readonly check: string;
  readonly verdict: Verdict;
  readonly points: number;
  /** As if all that it needs had passed; equal to `verdict` unless that is `blocked`. */
  readonly own: Verdict;
  /** The message of the first unmet expectation. */
  readonly message: string | null;
  /** What it was judged on, cut short; absent where that is not known. */
  readonly seen?: string;
}

/** One line of the matrix. */
export interface RunReport {
  /** Unique in a proof, such as `by-api without create`. */
  readonly name: string;
  readonly kind: RunKind;
  readonly cells: readonly Cell[];
  /** Steps that were not done, and why; expected in wrong ways and mutations. */
  readonly notes: readonly string[];
  readonly defects: readonly Defect[];
  readonly seconds: number;
  /** From an earlier proof that was interrupted, of the same template over the same platform. */
  readonly resumed: boolean;
}

/** The proof of one template on one backend. */
export interface ProofReport {
  readonly template: string;
  readonly title: string;
  readonly hash: string;
  readonly backend: BackendName;
  readonly checks: readonly { readonly id: string; readonly title: string; readonly points: number }[];
  readonly runs: readonly RunReport[];
  /** Those of no run in particular; those of runs stand there. */
  readonly defects: readonly Defect[];
  /** Verdicts that differed between equal runs, of so many; per check. Empty without `--runs`. */
  readonly flakes: Readonly<Record<string, { readonly runs: number; readonly differing: number }>>;
  readonly seconds: number;
  /**
   * `kept`: it was proved before as it is and was not run; `partial`: it was interrupted; `skipped` and `missing`: the
   * backend could not be had, which was borne or not.
   */
  readonly outcome: 'proved' | 'refused' | 'kept' | 'partial' | 'skipped' | 'missing';
  /** Why the backend could not be had; null where it could. */
  readonly why: string | null;
}
