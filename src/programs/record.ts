/** What is known of a trainee in a program: facts that people stored, and what was graded. */
import type { MarkLevel } from '../grading/types.ts';

export const factKinds = ['attendance', 'quiz', 'mark', 'attestation', 'waiver'] as const;
export type FactKind = (typeof factKinds)[number];

/** What somebody said about a trainee. Of several about the same kind, item and day the newest counts. */
export interface NewFact {
  readonly trainee: string;
  readonly kind: FactKind;
  /**
   * attendance: a session or `renewal`; quiz: its id; mark: `<session>/<assessment>` or a component; attestation: what is
   * attested; waiver: `attendance:…`, `assessment:…`, `component:…`, `lab:…`, `skill:…` or `attestation:…`.
   */
  readonly item: string;
  /** The day that it is about, `2026-03-01` (UTC). */
  readonly on: string;
  /** Attendance only. */
  readonly hours: number | null;
  /** Of a quiz or a mark. */
  readonly percent: number | null;
  /** By criterion, of a mark with a rubric; null where a percentage was given. */
  readonly marks: Readonly<Record<string, MarkLevel>> | null;
  /** A waiver's reason, or what else there is to say. */
  readonly comment: string | null;
  /** True: what was said of that day does not hold any more. */
  readonly withdrawn: boolean;
  readonly by: string;
}

export interface Fact extends NewFact {
  readonly id: string;
  readonly at: Date;
}

/** A finished attempt with what people laid over it. */
export interface LabResult {
  readonly lab: string;
  readonly final: boolean;
  readonly at: Date;
  readonly points: number;
  readonly maxPoints: number;
  readonly checks: readonly {
    readonly id: string;
    readonly tasks: readonly string[];
    readonly points: number;
    readonly maxPoints: number;
  }[];
}

/** All that is known of one trainee in a program. */
export interface TraineeRecord {
  readonly trainee: string;
  readonly facts: readonly Fact[];
  readonly results: readonly LabResult[];
  /** Template → the lab that the trainee has open. */
  readonly open: Readonly<Record<string, string>>;
}
