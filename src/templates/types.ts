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

export type KeepSpec =
  | { readonly kind: 'database'; readonly component: string }
  | { readonly kind: 'files'; readonly component: string; readonly glob: string }
  | { readonly kind: 'answers' }
  | { readonly kind: 'attempts' };

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
  /** Absent: as the installation is set. */
  readonly idle?: {
    /** 0: never. */
    readonly pauseAfterSeconds: number;
  };
  /** What is written down of a lab when it ends. Absent: nothing. */
  readonly keep?: readonly KeepSpec[];
  readonly backends: readonly BackendName[];
  readonly grading: GradingSpec;
  readonly parameters: Readonly<Record<string, ParameterSpec>>;
  readonly components: Readonly<Record<string, ComponentSpec>>;
  /** Path of the markdown file in the folder. */
  readonly instructions: string;
  readonly tasks: readonly TaskSpec[];
  readonly questions: readonly QuestionSpec[];
  /** Top-level observations, shared by checks: read once an attempt. */
  readonly observations: Readonly<Record<string, LookSpec>>;
  /** Experiments on a fork of the lab; checks name them. */
  readonly trials: readonly TrialSpec[];
  /** Facts that are sampled for the lab's life. */
  readonly watches: readonly WatchSpec[];
  /** What happens to the live lab by itself, by an event or by the trainee's button. */
  readonly faults: readonly FaultSpec[];
  readonly checks: readonly CheckSpec[];
  readonly solutions: Readonly<Record<string, readonly StepSpec[]>>;
  readonly wrong: readonly WrongSpec[];
  /** Whether trainees may see the model solution once the lab has ended. */
  readonly reveal: 'never' | 'afterEnd';
  /** What the template's proof may leave out, and what it may take. */
  readonly test: TestSpec;
}

export interface GradingSpec {
  readonly deadlineSeconds: number;
  readonly onDemandEverySeconds: number;
  /** On demand, besides handing in; absent: as many as one likes. */
  readonly attempts?: number;
  /** After so many in a row that gained nothing each further one waits, twice as long every time. */
  readonly coolDown?: { readonly after: number; readonly forSeconds: number };
}

/** `test:` of a template. */
export interface TestSpec {
  /** What the whole proof may take. */
  readonly budgetSeconds: number | null;
  /** What the processes of one lab may hold at its start; absent: what they like. */
  readonly budgetMemoryMb?: number;
  /** Why a solution is not run twice; null: it is. */
  readonly rerunSkip: string | null;
  /** Ids of the solution steps that are dropped in turn; null: all. */
  readonly mutations: readonly string[] | null;
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
  /** `trainee`: never repaired behind their back; shown and graded as they left it; reset brings it back. */
  readonly custody: 'platform' | 'trainee';
  /** What is not named is up to the backend. */
  readonly limits?: ComponentLimits;
}

export interface ComponentLimits {
  readonly memoryMb?: number;
  /** Cores. */
  readonly cpu?: number;
  readonly diskMb?: number;
  readonly pids?: number;
}

/** When a program counts as started. */
export type ReadySpec =
  | { readonly by: 'http'; readonly path: string }
  | { readonly by: 'tcp' }
  /** A line of its output that contains this text. */
  | { readonly by: 'log'; readonly line: string };

/** A program that runs from the trainee's files. What it serves is theirs: it is in the trainee's custody. */
export interface SourceSpec {
  /** The shell component whose files it runs from, and the folder in it, without a trailing slash. */
  readonly shell: string;
  readonly path: string;
  /** `on-save`: started anew when a file below the folder changes. */
  readonly reload: 'on-save' | 'never';
  /** Globs below the folder that the trainee is meant to edit; others are reported when they change. Empty: all. */
  readonly editable: readonly string[];
}

export type PostgresRole = 'read-only' | 'read-write' | 'schema-owner' | 'superuser-own-server';

export interface PostgresComponent extends ComponentBase {
  readonly kind: 'postgres';
  readonly seed:
    | { readonly files: readonly string[] }
    | { readonly generator: 'sample-api'; readonly scale: 'S' | 'M'; readonly number: number };
  readonly traineeRole: PostgresRole;
  /** `maintain`: VACUUM, ANALYZE, REINDEX, CLUSTER of all tables. */
  readonly grants: readonly 'maintain'[];
  /** The trainee sees pg_stat_statements of this database only; null: not at all. */
  readonly statementStats: 'own-database-view' | null;
  /** SQL files, applied to each lab's database in order once its parameters are drawn; `:name`, `:'name'`, `:"name"`. */
  readonly overlay: readonly string[];
  readonly extensions: readonly string[];
  /** The postgres component that it is a streaming replica of. */
  readonly replicaOf: string | null;
  /** WAL is archived to the folder `archive` beside the data folder of the lab's own server. */
  readonly archive: boolean;
}

export interface SampleApiComponent extends ComponentBase {
  readonly kind: 'sample-api';
  /** The postgres component that it works on; also in `uses`. */
  readonly database: string;
  readonly variant: string;
  /** The trainee's copy of the API is run; null: ours. */
  readonly source: SourceSpec | null;
  /** Values may hold `{{params.…}}` and `{{access.…}}`. */
  readonly env: Readonly<Record<string, string>>;
}

/** A program of the template or of the trainee. It is given PORT, and URL, USER and PASSWORD of what it uses. */
export interface ServiceComponent extends ComponentBase {
  readonly kind: 'service';
  /** Container image; null where only `source` and a command make it. */
  readonly image: string | null;
  /** Whole words; the first is looked up in the lab's PATH. */
  readonly command: readonly string[];
  /** Null: `command` runs in a folder of its own that holds `files`. */
  readonly source: SourceSpec | null;
  /** Folder of the template with the program's files, with a trailing slash; null where `source` or an image has them. */
  readonly files: string | null;
  /** The port in a container; on `process` each lab has its own, in PORT. */
  readonly port: number;
  readonly ready: ReadySpec;
  readonly env: Readonly<Record<string, string>>;
}

export interface RedisComponent extends ComponentBase {
  readonly kind: 'redis';
}

/** A partner: routes and moods as data, with a journal out of the trainee's reach. See `src/stub`. */
export interface StubComponent extends ComponentBase {
  readonly kind: 'stub';
  /** YAML file of the folder; its texts may hold `{{params.…}}`, `{{attempt.…}}` and `{{access.…}}`. */
  readonly file: string;
  readonly mood: string;
  /** What trainees may do at `/_stub/…`: change its mood, read its journal. */
  readonly trainee: readonly ('mood' | 'journal')[];
}

/** A bounded load on another component, with a journal. See `src/traffic`. */
export interface TrafficComponent extends ComponentBase {
  readonly kind: 'traffic';
  /** The component that it sends requests to; also in `uses`. */
  readonly target: string;
  /** Where in a target that is a namespace; absent for every other kind. */
  readonly service?: { readonly name: string; readonly port: number };
  /** YAML file of the folder. */
  readonly file: string;
  /** Requests a second, at most 50. */
  readonly rate: number;
}

export interface ShellComponent extends ComponentBase {
  readonly kind: 'shell';
  /** Folder of the template that is copied into the workspace, with a trailing slash; null: an empty workspace. */
  readonly files: string | null;
  readonly tools: readonly string[];
  /** Namespace components that a kubeconfig in the workspace leads to, with the trainee's rights; also in `uses`. */
  readonly kubeconfig?: readonly string[];
}

/** What a trainee may do in their namespace; each word is a fixed set of verbs and resources. */
export type NamespaceRight =
  | 'view'
  | 'deploy'
  | 'exec'
  | 'logs'
  | 'port-forward'
  | 'read-secrets'
  | 'secrets'
  | 'jobs'
  | 'pvc'
  | 'autoscale'
  | 'network-policies'
  | 'service-accounts';

/** The trainee's own namespace of a cluster. Only on `kubernetes`. */
export interface NamespaceComponent extends ComponentBase {
  readonly kind: 'namespace';
  /** Folder of the template with the objects that are there at the start, applied by file name; may hold `{{ }}`. */
  readonly objects: string | null;
  /** Always with `view`. */
  readonly rights: readonly NamespaceRight[];
  /** Name of a PersistentVolumeClaim → megabytes. */
  readonly storage: Readonly<Record<string, number>>;
  /** Pods at once. */
  readonly pods: number;
}

export type ComponentSpec =
  | PostgresComponent
  | SampleApiComponent
  | ServiceComponent
  | RedisComponent
  | StubComponent
  | TrafficComponent
  | ShellComponent
  | NamespaceComponent;

export type ComponentKind = ComponentSpec['kind'];

export interface TaskSpec {
  readonly id: string;
  readonly title: string;
  /** Path of the markdown file in the folder. */
  readonly text: string | null;
  readonly checks: readonly string[];
  /** An expression over `checks['id'].passed`, `params` and `events`; null: open from the start. */
  readonly opens: string | null;
  /** When all its checks have passed, the lab's state is kept: one can rewind to it. */
  readonly checkpoint: boolean;
  readonly skip: SkipSpec | null;
}

/** Having a task done for one: steps of a solution, run as the trainee, at a price. */
export interface SkipSpec {
  readonly solution: string;
  readonly steps: readonly string[];
  /** Points that it costs. */
  readonly penalty: number;
}

/** A text or a file's text, a number, or the chosen options in the order of the question. */
export type AnswerValue = string | number | readonly string[];

export interface QuestionSpec {
  readonly id: string;
  readonly kind: 'choice' | 'text' | 'number' | 'file';
  readonly ask: string;
  readonly options: readonly string[];
  /** Several options may be chosen. */
  readonly multiple: boolean;
  readonly normalise: readonly ('trim' | 'lower' | 'collapse')[];
}

/** One look: an observer's kind and its own spec as its schema parsed it, still with `{{ }}` in it. */
export interface LookSpec {
  readonly kind: string;
  readonly spec: Readonly<Record<string, Json>>;
  /** Looks at the lab as it was at its start (`start`) or after a task (`checkpoint:<task>`); absent: as it is now. */
  readonly at?: string;
}

/** An experiment that the grader runs, once an attempt, however many checks name it. */
export interface TrialSpec {
  readonly id: string;
  /** Null: on the live lab, alone, and undone. */
  readonly fork: ForkSpec | null;
  /** The untouched start, on which every step is done too; what it shows is `<name>.start`. */
  readonly beside: { readonly components: readonly string[] } | null;
  /** Values of this attempt's own, as `attempt.<name>` in its steps and in the checks that name it. */
  readonly draws: Readonly<Record<string, ParameterSpec>>;
  readonly deadlineSeconds: number;
  readonly steps: readonly TrialStep[];
  /** Of a live trial: done whatever happened. */
  readonly undo: readonly StepSpec[];
}

export interface ForkSpec {
  readonly components: readonly string[];
  /** Component → variables that differ in the fork; may hold `{{attempt.…}}`. */
  readonly env: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export type TrialStep =
  | { readonly do: 'act'; readonly step: StepSpec }
  /** Side by side; names are unique in the trial. */
  | { readonly do: 'observe'; readonly observe: Readonly<Record<string, LookSpec>> };

export interface WatchSpec {
  readonly id: string;
  readonly everySeconds: number;
  /** One look, sampled from the moment that the lab is ready. */
  readonly look: LookSpec;
  /** Whether a sample is good, over `it` and `params`; what could not be seen is not. */
  readonly good: string;
}

export interface FaultSpec {
  readonly id: string;
  readonly when: FaultTrigger;
  /** What the trainee is told when it fires; may hold `{{params.…}}`. */
  readonly say: string | null;
  /** Run on the live lab, each at most once. */
  readonly steps: readonly StepSpec[];
}

export type FaultTrigger =
  /** Seconds after the lab was ready. */
  | { readonly on: 'time'; readonly afterSeconds: number }
  /** When another fault is done, or a check has passed. */
  | { readonly on: 'fault' | 'check'; readonly id: string; readonly atLatestSeconds: number | null }
  /** The trainee's button; `after`: a check that must have passed before it may be pressed. */
  | {
      readonly on: 'press';
      readonly button: string;
      readonly after: string | null;
      readonly atLatestSeconds: number | null;
    };

/** What a person judges. */
export interface RubricSpec {
  /** What is shown to the one who marks; null: nothing but the lab itself. */
  readonly of: LookSpec | null;
  readonly criteria: readonly CriterionSpec[];
}

export interface CriterionSpec {
  readonly id: string;
  readonly points: number;
  readonly text: string;
  /** What earns all of it, and half of it. */
  readonly full: string | null;
  readonly half: string | null;
}

export interface ExpectationSpec {
  readonly that: string;
  readonly points: number;
  readonly else: string;
  readonly partial: readonly { readonly that: string; readonly points: number }[];
  /**
   * How much a busy machine may lengthen or shorten the times that it compares, as a fraction: the proof refuses what
   * would be otherwise then. Absent: it compares none.
   */
  readonly noise?: number;
}

export type Visibility = 'always' | 'titleOnly' | 'afterSubmit';

export interface CheckSpec {
  readonly id: string;
  readonly title: string;
  readonly points: number;
  readonly observe: Readonly<Record<string, LookSpec>>;
  /** The trial whose observations its expressions see too. */
  readonly trial: string | null;
  /** Blocked until this fault is done. */
  readonly require: { readonly event: string } | null;
  /** Marked by a person; `expect` is empty then, and blocked until it is marked. */
  readonly rubric: RubricSpec | null;
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
