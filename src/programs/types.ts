/** A program as the product knows it: parsed, with labs looked up and selections of checks spelled out. */
import type { Judgements } from '../grading/people.ts';
import type { Attempt } from '../grading/types.ts';
import type { Problem } from '../templates/problem.ts';
import type { Span } from './calendar.ts';

/** Which attempts make a lab's result: the best that was handed in, the best of all, the newest that was handed in. */
export type Counting = 'final' | 'best' | 'latest';

/** Which checks of a lab: `all`, `task:*`, `task:bill`, `!own-tests`, `own-tests`, `competency:api.rest`. */
export interface CheckPick {
  readonly lab: string;
  /** Checks that any of these names; a lab's checks but those that `!id` names. */
  readonly words: readonly string[];
}

/** Where the percentage of an assessment or a component comes from. */
export type Source =
  | { readonly from: 'labs'; readonly labs: readonly string[] }
  | { readonly from: 'checks'; readonly picks: readonly CheckPick[] }
  | { readonly from: 'quiz'; readonly quiz: string }
  /** `of`: the lab and the file in it that is marked. */
  | { readonly from: 'rubric'; readonly rubric: string; readonly of: string | null };

export interface Assessment {
  readonly id: string;
  readonly title: string;
  /** Percent of the session; a session's add up to 100. */
  readonly weight: number;
  /** Percent that pass. */
  readonly pass: number;
  readonly source: Source;
}

export interface Session {
  readonly id: string;
  readonly title: string;
  readonly hours: number;
  readonly attendance: 'required' | 'optional';
  /** Ids of labs, in order. */
  readonly modules: readonly string[];
  readonly pass: number;
  readonly assessments: readonly Assessment[];
}

export interface Level {
  readonly id: string;
  /** As written, such as `1-2`; null when not said. */
  readonly weeks: string | null;
  readonly sessions: readonly string[];
}

export interface CompetencyArea {
  readonly id: string;
  readonly title: string;
  readonly items: readonly {
    /** `<area>.<item>`, as templates name it. */
    readonly id: string;
    readonly title: string;
    /** Labs of the program that show it. */
    readonly labs: readonly string[];
  }[];
}

export interface Criterion {
  readonly id: string;
  readonly points: number;
  readonly text: string;
  readonly full: string | null;
  readonly half: string | null;
}

export interface Skill {
  readonly id: string;
  readonly title: string;
  /** Empty: only a person can say that it was demonstrated. */
  readonly picks: readonly CheckPick[];
}

/** One thing that must hold, whatever the weighted sum is. */
export type Gate =
  | { readonly gate: 'attendance'; readonly hours: number }
  | { readonly gate: 'eachAssessment'; readonly percent: number }
  /** Sessions, components or labs. */
  | { readonly gate: 'passed'; readonly items: readonly string[] }
  | { readonly gate: 'demonstrated'; readonly skills: readonly string[] }
  | { readonly gate: 'attested'; readonly items: readonly string[] }
  | { readonly gate: 'score'; readonly percent: number };

export interface Component {
  readonly id: string;
  readonly weight: number;
  readonly source: Source | { readonly from: 'sessions'; readonly sessions: readonly string[] };
}

export interface Renewal {
  readonly lab: string | null;
  readonly hours: number;
  readonly attest: readonly string[];
  /** How long before the end a renewal is due. */
  readonly due: Span;
}

export interface Certificate {
  readonly title: string;
  readonly pass: number;
  readonly components: readonly Component[];
  readonly requires: readonly Gate[];
  /** Null: for ever. */
  readonly valid: Span | null;
  readonly renewal: Renewal | null;
}

export interface Program {
  readonly id: string;
  readonly title: string;
  readonly summary: string | null;
  readonly hours: number;
  /** Percent that pass a lab. */
  readonly pass: number;
  readonly counts: Counting;
  /** `next` is a day, `2025-04-30`. */
  readonly reviewBy: { readonly every: Span; readonly next: string } | null;
  /** Labs of the program, in order of their first mention. */
  readonly labs: readonly ProgramLab[];
  readonly sessions: readonly Session[];
  readonly levels: readonly Level[];
  readonly competencies: readonly CompetencyArea[];
  readonly rubrics: Readonly<Record<string, readonly Criterion[]>>;
  readonly skills: readonly Skill[];
  readonly certificate: Certificate | null;
}

export interface ProgramLab {
  readonly id: string;
  readonly title: string;
  /** False: planned, there is no template of it yet. */
  readonly available: boolean;
}

/** What a program must know of a template. */
export interface KnownLab {
  readonly id: string;
  readonly title: string;
  readonly competencies: readonly string[];
  readonly checks: readonly string[];
  readonly tasks: readonly string[];
}

export interface ParsedProgram {
  /** Null when there is an error among the problems. */
  readonly program: Program | null;
  /** Errors and warnings, by place. */
  readonly problems: readonly Problem[];
}

// ------------------------------------------------------------------------------------------------------ stored facts

export const factKinds = ['attendance', 'quiz', 'mark', 'attestation', 'waiver'] as const;
export type FactKind = (typeof factKinds)[number];

export type MarkLevel = 'full' | 'half' | 'none';

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

// ------------------------------------------------------------------------------------------------------ what was graded

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

// -------------------------------------------------------------------------------------------------------------- port

/** A finished attempt as it was recorded, or regraded since, with what people said of it. */
export interface GradedAttempt {
  readonly trainee: string;
  readonly templateId: string;
  readonly attempt: Attempt;
  readonly judgements: Judgements;
}

export interface ProgramStore {
  /** All or none, in this order. */
  addFacts(programId: string, facts: readonly NewFact[]): Promise<readonly Fact[]>;
  /** Of these trainees, in the order in which they were recorded. */
  facts(programId: string, trainees: readonly string[]): Promise<readonly Fact[]>;
  /** Newest first; `before` is the id where the page before ended. */
  listFacts(
    programId: string,
    query: { readonly trainee?: string; readonly before?: string; readonly limit: number },
  ): Promise<readonly Fact[]>;
  /** Who has a fact of the program or a lab of these templates, by name, after `after`. */
  trainees(
    programId: string,
    templates: readonly string[],
    after: string | null,
    limit: number,
  ): Promise<readonly string[]>;
  /** Their finished attempts at these templates; without `handedIn` all of them. */
  attempts(
    trainees: readonly string[],
    templates: readonly string[],
    handedIn: boolean,
  ): Promise<readonly GradedAttempt[]>;
  /** Labs of theirs that have not ended. */
  openLabs(
    trainees: readonly string[],
    templates: readonly string[],
  ): Promise<readonly { readonly trainee: string; readonly templateId: string; readonly labId: string }[]>;
  /** The database's. */
  now(): Promise<Date>;
}
