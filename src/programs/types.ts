/** A program as the product knows it: parsed, with labs looked up and selections of checks spelled out. */
import type { Problem } from '../templates/problem.ts';
import type { CriterionSpec } from '../templates/types.ts';
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
  readonly rubrics: Readonly<Record<string, readonly CriterionSpec[]>>;
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
