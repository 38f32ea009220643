/** What was done and found in the runs of a proof, before it is judged: this is what an interrupted proof keeps. */
import type { Cell, DefectCode, RunKind } from './types.ts';

/** What doing a run has shown by itself; its place in the folder is looked up later. */
export interface Finding {
  readonly code: DefectCode;
  readonly message: string;
  readonly check: string | null;
}

export interface UndoneStep {
  readonly id: string;
  readonly outcome: 'failed' | 'skipped';
  readonly reason: string;
}

export interface RunFacts {
  /** Unique in a proof. */
  readonly name: string;
  readonly kind: RunKind;
  /** The solution or the wrong way that it was made of. */
  readonly of: string;
  /** A solution over values that the other runs do not have. */
  readonly otherValues: boolean;
  /** The step that was left out. */
  readonly dropped: string | null;
  /** The run that it must be equal to. */
  readonly like: string | null;
  /** In the order of the template; empty when it could not be graded. */
  readonly cells: readonly Cell[];
  readonly undone: readonly UndoneStep[];
  readonly found: readonly Finding[];
  readonly seconds: number;
}
