/**
 * What a template is once it is parsed: durations are seconds, defaults are filled in, points are given out,
 * `use:` chains of solutions are resolved. The zod schema in `schema.ts` produces exactly this.
 */

import type { Problem } from './problem.ts';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export type BackendName = 'process' | 'docker' | 'kubernetes';

/** An immutable template: a hash over everything that decides what a lab is, and the whole folder. */
export interface TemplateVersion {
  /** sha256, hex, over folder, generator version, sample API build and language version. */
  readonly hash: string;
  readonly template: Template;
  /** Every file of the folder by its relative path with forward slashes; `lab.yaml` included. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

export interface Template {
  readonly labwright: 1;
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly source: { readonly program: string; readonly module: string } | null;
  readonly level: 'foundation' | 'intermediate' | 'advanced';
  readonly competencies: readonly string[];
  /** How long a trainee is expected to need. */
  readonly minutes: number;
  readonly lifetime: {
    readonly ttlSeconds: number;
    readonly maxSeconds: number;
    readonly warnSeconds: readonly number[];
  };
  readonly backends: readonly BackendName[];
  readonly grading: { readonly deadlineSeconds: number; readonly onDemandEverySeconds: number };
  readonly parameters: Readonly<Record<string, ParameterSpec>>;
  readonly components: Readonly<Record<string, ComponentSpec>>;
  /** Path of the markdown file in the folder. */
  readonly instructions: string;
  readonly tasks: readonly TaskSpec[];
  readonly questions: readonly QuestionSpec[];
  /** Top-level observations, shared by checks: read once an attempt. */
  readonly observations: Readonly<Record<string, LookSpec>>;
  readonly checks: readonly CheckSpec[];
  readonly solutions: Readonly<Record<string, readonly StepSpec[]>>;
  readonly wrong: readonly WrongSpec[];
}

/** How a parameter is drawn from the lab's seed. `row` draws from rows surveyed in the sandbox's own database. */
export type ParameterSpec = { readonly redact: boolean } & (
  | { readonly draw: 'fixed'; readonly value: Json }
  | { readonly draw: 'email' }
  | { readonly draw: 'choice'; readonly of: readonly Json[] }
  | { readonly draw: 'int'; readonly from: number; readonly to: number }
  | { readonly draw: 'decimal'; readonly from: number; readonly to: number; readonly step: number }
  | { readonly draw: 'pattern'; readonly pattern: string }
  | { readonly draw: 'secret'; readonly length: number }
  | {
      readonly draw: 'row';
      readonly component: string;
      readonly query: string;
      readonly column: string | null;
    }
);

interface ComponentBase {
  /** Components that must run before this one. */
  readonly uses: readonly string[];
  readonly custody: 'platform' | 'trainee';
}

export type PostgresRole = 'read-only' | 'read-write' | 'schema-owner';

export interface PostgresComponent extends ComponentBase {
  readonly kind: 'postgres';
  readonly seed:
    | { readonly files: readonly string[] }
    | { readonly generator: 'sample-api'; readonly scale: 'S' | 'M'; readonly number: number };
  readonly traineeRole: PostgresRole;
}

export interface SampleApiComponent extends ComponentBase {
  readonly kind: 'sample-api';
  /** The postgres component that it works on; also in `uses`. */
  readonly database: string;
  readonly variant: string;
}

export interface ShellComponent extends ComponentBase {
  readonly kind: 'shell';
  /** Folder of the template that is copied into the workspace, with a trailing slash; null: an empty workspace. */
  readonly files: string | null;
  readonly tools: readonly string[];
}

export type ComponentSpec = PostgresComponent | SampleApiComponent | ShellComponent;

export interface TaskSpec {
  readonly id: string;
  readonly title: string;
  /** Path of the markdown file in the folder. */
  readonly text: string | null;
  readonly checks: readonly string[];
}

export interface QuestionSpec {
  readonly id: string;
  readonly kind: 'choice' | 'text' | 'number';
  readonly ask: string;
  readonly options: readonly string[];
  readonly normalise: readonly ('trim' | 'lower' | 'collapse')[];
}

/** One look: an observer's kind and its own spec as its schema parsed it, still with `{{ }}` in it. */
export interface LookSpec {
  readonly kind: string;
  readonly spec: Readonly<Record<string, Json>>;
}

export interface ExpectationSpec {
  readonly that: string;
  readonly points: number;
  readonly else: string;
  readonly partial: readonly { readonly that: string; readonly points: number }[];
}

export type Visibility = 'always' | 'titleOnly' | 'afterSubmit';

export interface CheckSpec {
  readonly id: string;
  readonly title: string;
  readonly points: number;
  readonly observe: Readonly<Record<string, LookSpec>>;
  readonly expect: readonly ExpectationSpec[];
  readonly needs: readonly string[];
  readonly withinSeconds: number | null;
  readonly sticky: boolean;
  readonly visible: Visibility;
  readonly guard: boolean;
  /** The reason why it may pass before any work is done; null: it must not. */
  readonly passesAtStart: string | null;
  readonly hints: readonly { readonly text: string; readonly penalty: number }[];
}

/** One step of a solution: an action's kind and its own spec as its schema parsed it, without `save`. */
export interface StepSpec {
  readonly id: string;
  readonly kind: string;
  readonly spec: Readonly<Record<string, Json>>;
  /** Name in `saved` → path into the action's result, such as `json.id` or `rows[0].id`. */
  readonly save: Readonly<Record<string, string>>;
  readonly allowIdle: string | null;
}

export interface ExpectedFall {
  readonly verdict: 'fail' | 'blocked';
  readonly points: number | null;
}

export interface WrongSpec {
  readonly id: string;
  /** The solution that it was made from. */
  readonly from: string;
  /** Its steps, edits applied. */
  readonly steps: readonly StepSpec[];
  readonly fails: Readonly<Record<string, ExpectedFall>>;
}

/** Where templates come from. */
export interface TemplateSource {
  /** The newest version of every template that loads. */
  list(): Promise<readonly TemplateVersion[]>;
  /** The newest version of one template, or null where there is none of this id. */
  load(id: string): Promise<TemplateVersion | null>;
  /** Those that do not load, by their folder's name, and why. */
  problems(): Promise<readonly TemplateProblems[]>;
}

export interface TemplateProblems {
  readonly id: string;
  /** Errors only. */
  readonly problems: readonly Problem[];
}
