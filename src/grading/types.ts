/**
 * Looking, judging and acting: the shapes between them. An observer looks and records; judging is pure over the
 * record; an action changes a sandbox as a trainee would.
 */
import type { Duplex } from 'node:stream';
import type { z } from 'zod';
import type { WatchRun } from '../lab/lab.ts';
import type { Namespaces } from '../lab/namespaces.ts';
import type {
  ComponentAccess,
  ComponentPort,
  ExecLimits,
  ExecResult,
  FileFound,
  FileQuery,
  ForkStore,
  KillSignal,
  NewOperation,
  SandboxPlan,
} from '../lab/ports.ts';
import type { Due } from '../lab/releases/types.ts';
import type { AnswerValue, ComponentSpec, Json, LookSpec, WatchSpec } from '../templates/types.ts';
import type { Limits } from './limits.ts';
import type { Layer } from './regrade/types.ts';

// ------------------------------------------------------------------------------------------------------------ values

/**
 * What a recorded observation is made of: JSON, and timestamps and bytes, which JSON has not. Numbers are doubles.
 * Objects are plain records here; the expression engine sees them as maps.
 */
export type Value =
  | null
  | boolean
  | number
  | string
  | Date
  | Uint8Array
  | readonly Value[]
  | { readonly [key: string]: Value };

/** The published type of a value, against which expressions are checked when a template is loaded. */
export type ValueType =
  | { readonly is: 'dyn' | 'number' | 'string' | 'bool' | 'null' | 'timestamp' | 'bytes' }
  | { readonly is: 'list'; readonly of: ValueType }
  | { readonly is: 'map'; readonly of: ValueType }
  | { readonly is: 'object'; readonly fields: Readonly<Record<string, ValueType>> };

/** What expressions and `{{ }}` see by root name: params, saved, observed, access, attempt, events, and observations. */
export type Scope = Readonly<Record<string, Value>>;

// ------------------------------------------------------------------------------------------------------------- looks

/**
 * Why a look has no value. `fail` kinds are what a trainee can cause; `error` kinds need proof that it was us
 * (`attribution.ts` holds the one table).
 */
export type LookProblem =
  | 'missing'
  | 'denied'
  | 'refused'
  | 'slow'
  | 'oversized'
  | 'unsupported'
  | 'rejected'
  | 'unanswered'
  /** A watch was not sampled for a part of what is asked about. */
  | 'gap'
  /** The trial that would have shown it could not be run. */
  | 'untried'
  | 'backend_down'
  | 'bug';

export type Observation =
  | { readonly outcome: 'seen'; readonly value: Value; readonly at: Date; readonly durationMs: number }
  | {
      readonly outcome: 'unseen';
      readonly problem: LookProblem;
      /** For the trainee: says what could not be seen and why, without secrets or query text. */
      readonly reason: string;
      /** For instructors and logs. */
      readonly internal: string;
      readonly at: Date;
      readonly durationMs: number;
    };

/** A sandbox as observers and actions see it: bound to one sandbox and its generations, no vendor types. */
export interface SandboxHandle {
  access(component: string): ComponentAccess;
  dial(component: string, signal: AbortSignal, port?: ComponentPort): Promise<Duplex>;
  /** Sends a signal to a component's processes. */
  kill(component: string, signal: KillSignal, abort: AbortSignal): Promise<void>;
  /** Starts a component again that does not run; succeeds when it does. */
  restart(component: string, signal: AbortSignal): Promise<void>;
  resetStatistics(component: string, signal: AbortSignal): Promise<void>;
  exec(
    component: string,
    argv: readonly string[],
    limits: ExecLimits,
    signal: AbortSignal,
  ): Promise<ExecResult>;
  readFiles(component: string, query: FileQuery, signal: AbortSignal): Promise<readonly FileFound[]>;
  writeFile(component: string, path: string, content: Uint8Array, signal: AbortSignal): Promise<void>;
  /** The newest of what a component's program printed, at most so many bytes; empty when it has printed nothing. */
  readLog(component: string, maxBytes: number, signal: AbortSignal): Promise<string>;
  /** What is in components of the kind `namespace`; null where the backend has none. */
  readonly namespaces: NamespacesHandle | null;
}

/** `Namespaces`, bound to one sandbox. */
export type NamespacesHandle = {
  readonly [Name in Exclude<keyof Namespaces, 'kubeconfig'>]: Bound<Namespaces[Name]>;
};

type Bound<Method> = Method extends (plan: SandboxPlan, ...rest: infer Rest) => infer Result
  ? (...rest: Rest) => Result
  : never;

/** Fills `{{path}}` in a spec, encoded for its place. Throws FillError naming the path when a value is missing. */
export interface Filler {
  /** A lone `{{x}}` keeps its type, inside longer text it becomes text; recursive through arrays and objects. */
  value(raw: Json): Value;
  /** Plain text: for argv words, file paths, SQL args given as text. */
  text(raw: string): string;
  /** Percent-encodes what is filled into a URL path or query. */
  urlPath(raw: string): string;
  /** Refuses line breaks and control characters. */
  header(raw: string): string;
}

export interface LookContext {
  readonly sandbox: SandboxHandle;
  readonly fill: Filler;
  /** The trainee's answers by question, already normalised. */
  readonly answers: Readonly<Record<string, AnswerValue>>;
  /** What is known of the lab beside its sandbox. Its methods throw LookFailure. */
  readonly records: LabRecords;
  /** Milliseconds that this look may take at most; its own timeout may be shorter. */
  readonly deadlineMs: number;
  /** A file of the template's folder, by path; null when absent. */
  templateFile(path: string): Uint8Array | null;
  /** Paths of all files of the template's folder. */
  readonly templateFiles: readonly string[];
  /** What the template says of a component; null when there is none of this name. */
  component(name: string): ComponentSpec | null;
}

export interface LabRecords {
  /** Faults by id: when it fired and when it was done; null before. */
  readonly events: Readonly<Record<string, FaultTimes>>;
  /** Of a trial, for `since: step`: when it had last looked, or begun. Null outside of trials. */
  readonly stepStartedAt: Date | null;
  /** The spec of a watch and its samples since then. */
  watch(
    id: string,
    since: Date | null,
    signal: AbortSignal,
  ): Promise<{ readonly spec: WatchSpec; readonly readyAt: Date; readonly runs: readonly WatchRun[] }>;
  /** These components as they were at the lab's `start` or at a `checkpoint:<task>`. Made on demand, once an attempt. */
  reference(at: string, components: readonly string[], signal: AbortSignal): Promise<SandboxHandle>;
  /** A copy of the live shell component's files, fresh at every call, with nobody inside; gone with the attempt. */
  scratch(component: string, signal: AbortSignal): Promise<SandboxHandle>;
}

export interface FaultTimes {
  readonly at: Date | null;
  readonly done: Date | null;
}

/** A component that a spec names. */
export interface ComponentDemand {
  readonly name: string;
  /** It is one of these. */
  readonly kinds: readonly ComponentAccess['kind'][];
  /** The key of the spec because of which it must be. */
  readonly because?: string;
  /** A volume of its `storage`. */
  readonly volume?: string;
}

/** What looks and steps have in common for whoever reads a template. */
interface Kind<Spec extends object> {
  readonly kind: string;
  /** The author's spec, strict; strings may hold `{{ }}`. */
  readonly spec: z.ZodType<Spec>;
  /** The type of the value that it gives; independent of the sandbox. */
  resultType(spec: Spec): ValueType;
  /** Names of components in the spec with the component kinds it works on; checked at load. */
  components(spec: Spec): readonly ComponentDemand[];
  /** Names of questions in the spec; checked at load. */
  questions?(spec: Spec): readonly string[];
  /** Files of the template's folder that the spec names; checked at load. */
  files?(spec: Spec): readonly string[];
  /** Names of watches in the spec, and of faults; checked at load. */
  watches?(spec: Spec): readonly string[];
  faults?(spec: Spec): readonly string[];
  /** Key of the spec → roots that `{{ }}` below it knows besides the usual, such as `time` and `body` in `sign`. */
  readonly ownRoots?: Readonly<Record<string, readonly string[]>>;
}

/** One kind of look. One file each in `src/observers`, one line of registration, one contract test for all. */
export interface ObserverKind<Spec extends object = object> extends Kind<Spec> {
  /** Bounded in time, rows, bytes and depth. Resolves `unseen` for anything hostile; throws only on abort. */
  observe(spec: Spec, context: LookContext, signal: AbortSignal): Promise<Observation>;
  /** May be asked about a reference (`at`). */
  readonly atReference?: boolean;
  /**
   * Looks at two sandboxes in turns, for comparisons that noise must hit alike; without it one is looked at after the
   * other. The observations are in the order of the contexts.
   */
  observeBeside?(
    spec: Spec,
    contexts: readonly [LookContext, LookContext],
    signal: AbortSignal,
  ): Promise<readonly [Observation, Observation]>;
}

// ----------------------------------------------------------------------------------------------------------- actions

export interface ActContext extends LookContext {
  /** Records the trainee's answer; throws LabError `question_not_found` or `validation_failed`. */
  answer(question: string, value: AnswerValue): Promise<void>;
  /** Presses a button as the trainee; throws LabError `button_not_found` or `not_yet`. Null where nobody can. */
  readonly press: ((button: string) => Promise<void>) | null;
  /** Records an instructor's mark: criterion → `full`, `half`, `none`. Null where nobody can. */
  readonly mark: ((check: string, marks: Readonly<Record<string, MarkLevel>>) => Promise<void>) | null;
  /** A number between two bounds, drawn once for this run of this step: for waits that nobody can foresee. */
  drawn(from: number, to: number): number;
  /**
   * Looks once at each of `observe` and says whether the expression holds over them, `params` and `saved`. What cannot
   * be seen or judged does not hold. Throws only on abort.
   */
  holds(
    expression: string,
    observe: Readonly<Record<string, LookSpec>>,
    signal: AbortSignal,
  ): Promise<boolean>;
  /** The step is the grader's own, such as a trial's: its tokens say `act: { sub: grader }` and are no evidence. */
  readonly asGrader?: boolean;
  /** What may never come is waited for no longer, whatever its spec says: who is expected to fail should not take minutes. */
  readonly waitLimitMs: number;
}

export type ActionOutcome =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly reason: string; readonly value: Value };

/** One kind of step. One file each in `src/actions`. */
export interface ActionKind<Spec extends object = object> extends Kind<Spec> {
  run(spec: Spec, context: ActContext, signal: AbortSignal): Promise<ActionOutcome>;
}

// ---------------------------------------------------------------------------------------------------------- verdicts

export type MarkLevel = 'full' | 'half' | 'none';

/** What a person gave for a check with a rubric. The newest counts. */
export interface Mark {
  readonly checkId: string;
  readonly marks: Readonly<Record<string, MarkLevel>>;
  readonly comment: string | null;
  readonly by: string;
  readonly at: Date;
}

/** A person's verdict beside the grader's. The newest counts. */
export interface Override {
  readonly attempt: number;
  readonly checkId: string;
  readonly verdict: 'pass' | 'fail';
  readonly points: number;
  readonly reason: string;
  readonly by: string;
  readonly at: Date;
}

export interface HelpRequest {
  readonly id: string;
  readonly labId: string;
  readonly trainee: string;
  readonly templateId: string;
  readonly task: string | null;
  readonly message: string;
  readonly askedAt: Date;
  readonly answer: string | null;
  readonly answeredBy: string | null;
  readonly answeredAt: Date | null;
}

export interface PeopleStore {
  /** Event `check.marked`. */
  putMark(labId: string, mark: Omit<Mark, 'at'>): Promise<Mark>;
  /** The newest of each check. */
  marks(labId: string): Promise<readonly Mark[]>;
  /** Event `check.overridden`. Throws `attempt_not_found`. */
  putOverride(labId: string, override: Omit<Override, 'at'>): Promise<Override>;
  /** The newest of each attempt and check. */
  overrides(labId: string): Promise<readonly Override[]>;
  /** What counts of attempts instead of what was recorded, since they were judged again. */
  layers(labId: string): Promise<readonly Layer[]>;
  /** Event `help.requested`. One open request a lab: another message replaces it. */
  askHelp(
    labId: string,
    help: { readonly id: string; readonly task: string | null; readonly message: string },
  ): Promise<HelpRequest>;
  /** Event `help.answered`. Null when there is no open one of this id in the lab. */
  answerHelp(
    labId: string,
    id: string,
    answer: { readonly text: string; readonly by: string },
  ): Promise<HelpRequest | null>;
  /** Open ones first, oldest first; then the newest answered ones. */
  listHelp(query: {
    readonly labId?: string;
    readonly open?: boolean;
    readonly limit: number;
  }): Promise<readonly HelpRequest[]>;
}

export type Verdict = 'pass' | 'fail' | 'error' | 'blocked';

export interface ExpectationResult {
  readonly met: boolean;
  readonly points: number;
}

export interface LookTime {
  /** Of the observation. */
  readonly name: string;
  /** ISO 8601. */
  readonly at: string;
  readonly durationMs: number;
}

export interface CheckResult {
  readonly checkId: string;
  readonly verdict: Verdict;
  readonly points: number;
  readonly maxPoints: number;
  /** The learner's message: that of the first unmet expectation; never holds secrets or query text. Null on pass. */
  readonly message: string | null;
  /** For instructors and logs: what threw, what was seen. Null when there is nothing to say. */
  readonly internal: string | null;
  readonly expectations: readonly ExpectationResult[];
  /** Content addresses of the evidence that it was judged on, by observation name. */
  readonly evidence: Readonly<Record<string, string>>;
  readonly durationMs: number;
  /** When each of these was looked at: trainees keep working meanwhile. */
  readonly looks?: readonly LookTime[];
  /** Passed in an earlier attempt (sticky progress), and when. */
  readonly passedBefore?: boolean;
}

export type AttemptState = 'queued' | 'running' | 'finished' | 'void';

export interface Attempt {
  readonly id: string;
  readonly labId: string;
  /** 1, 2, 3 … per lab. */
  readonly number: number;
  readonly final: boolean;
  readonly state: AttemptState;
  readonly templateHash: string;
  readonly requestedAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly points: number | null;
  readonly maxPoints: number;
  /** Points taken off for hints, already out of `points`. */
  readonly penalty: number;
  /** Why it is void: the lab was reset or ended meanwhile. */
  readonly voidReason: string | null;
  readonly results: readonly CheckResult[];
  /** Address of the record of what it was judged on; absent or null: there is none. */
  readonly record?: string | null;
  /** Handed in so long after its class's time, where that is marked. */
  readonly lateSeconds?: number | null;
}

/** What counts against the limits of a lab. */
export interface EarlierAttempt {
  /** Of the lab itself, and not of another that its trainee had of the template in the same class. */
  readonly own: boolean;
  readonly number: number;
  readonly final: boolean;
  readonly state: AttemptState;
  /** False: asked for by somebody whom no limit holds. */
  readonly counted: boolean;
  readonly requestedAt: Date;
  readonly finishedAt: Date | null;
  readonly results: readonly Pick<CheckResult, 'checkId' | 'verdict' | 'points'>[];
}

export interface AttemptHistory {
  /** Oldest first. */
  readonly earlier: readonly EarlierAttempt[];
  /** When the lab's class is to hand this work in. */
  readonly due: Due | null;
  readonly now: Date;
}

/** Sticky progress of one check in one lab. */
export interface CheckProgress {
  readonly checkId: string;
  readonly passedAt: Date;
  readonly points: number;
}

export interface EvidencePiece {
  /** sha256, hex, of the canonical bytes. */
  readonly address: string;
  readonly bytes: Uint8Array;
}

/** An attempt with what is needed to grade it. */
export interface AttemptWork {
  readonly attempt: Attempt;
  /** Raised by every claim: a stale worker's record is refused. */
  readonly fence: number;
  readonly sandboxId: string | null;
  readonly generations: Readonly<Record<string, number>>;
}

export interface AttemptStore extends ForkStore {
  /**
   * A new attempt, `queued` and due at once, at the lab's present sandbox and generations. At most one open attempt a
   * lab (`attempt_running`), not sooner than `everySeconds` after the last request (`too_soon`), lab must be `ready`
   * (`lab_not_ready`, `lab_ended`). With `limits` no more than they allow, also at the same time in several labs of a
   * class (`attempts_used_up`, `too_soon`), and handed in no later than the class takes it (`past_due`).
   * Events `attempt.requested`.
   */
  requestAttempt(
    labId: string,
    options: {
      id: string;
      final: boolean;
      maxPoints: number;
      everySeconds: number;
      /** Absent: it is held by none and does not count. */
      limits?: Limits;
      /** Its trials change the lab itself: it and the lab's operations are never under way together. */
      alone?: boolean;
    },
  ): Promise<Attempt>;
  /**
   * Makes it `running` under a new fence; null when it is not open any more, and when it is to be alone while an
   * operation runs in the lab: then it is due again in a second. An operation waits for one that is alone in the same way.
   */
  startAttempt(id: string, leaseSeconds: number): Promise<AttemptWork | null>;
  /**
   * Records results, evidence, progress and events at once, if the fence is the newest and the lab still has the
   * sandbox and generations that were graded; otherwise the attempt becomes `void` with the reason. False: fenced off.
   */
  finishAttempt(id: string, fence: number, outcome: AttemptOutcome): Promise<boolean>;
  voidAttempt(id: string, reason: string): Promise<void>;
  getAttempt(labId: string, number: number): Promise<Attempt | null>;
  listAttempts(labId: string): Promise<readonly Attempt[]>;
  /** What the limits of this lab are counted from. Throws `lab_not_found`. */
  attemptHistory(labId: string): Promise<AttemptHistory>;
  progress(labId: string): Promise<readonly CheckProgress[]>;
  answers(labId: string): Promise<Readonly<Record<string, AnswerValue>>>;
  putAnswer(labId: string, question: string, value: AnswerValue): Promise<void>;
  /** Hints taken: check id → how many, in order. */
  hintsTaken(labId: string): Promise<Readonly<Record<string, number>>>;
  /** Takes the next hint; returns how many are taken now; never more than `available`. */
  takeHint(labId: string, checkId: string, available: number): Promise<number>;
  evidence(address: string): Promise<Uint8Array | null>;
}

export interface AttemptOutcome {
  readonly points: number;
  readonly penalty: number;
  readonly results: readonly CheckResult[];
  readonly evidence: readonly EvidencePiece[];
  /** What it was judged on, whole; absent: it cannot be judged again. */
  readonly record?: EvidencePiece;
  /** Planted in the same transaction, due at once: checkpoints of tasks that have passed. */
  readonly plant?: readonly NewOperation[];
  /** Waiting operations that become due: faults that a passed check triggers. */
  readonly trigger?: readonly string[];
}
