/**
 * What the core needs of the world. Each port has one contract test in `tests/contracts` that every implementation,
 * fakes included, passes. Vendor types stop at the adapters.
 */
import type { Duplex } from 'node:stream';
import type { BackendName, ComponentSpec, Json, TemplateVersion } from '../templates/types.ts';
import type {
  EndReason,
  Lab,
  LabEvent,
  LabPhase,
  Operation,
  OperationKind,
  PauseReason,
  RecordedEvent,
  Sandbox,
  SandboxObservation,
  SandboxOrigin,
  WatchRun,
} from './lab.ts';
import type { Namespaces } from './namespaces.ts';

// ---------------------------------------------------------------------------------------------------------- driver

/** Everything that a driver needs to make one sandbox; pure data, names derive from `sandboxId` and generation. */
export interface SandboxPlan {
  readonly sandboxId: string;
  readonly version: TemplateVersion;
  readonly components: Readonly<Record<string, ComponentPlan>>;
  /** The drawn parameters; null while there are none (a spare): what needs them is not made yet. */
  readonly params: Readonly<Record<string, Json>> | null;
  /**
   * What components of generation 1 are cloned from: databases and files as they are there now. Null: the template.
   * A database that is open is closed for the moment of its cloning, which ends all its sessions.
   */
  readonly origin: SandboxPlan | null;
  /** Null but in a trial's fork. */
  readonly variation: PlanVariation | null;
}

/** What is otherwise in a trial's fork. */
export interface PlanVariation {
  /** The root `attempt` of `{{ }}`. */
  readonly attempt: Readonly<Record<string, Json>>;
  /** Component → variables on top of its own; may hold `{{ }}`. */
  readonly env: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface ComponentPlan {
  readonly name: string;
  readonly spec: ComponentSpec;
  readonly generation: number;
}

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** How to reach a component, for the platform itself: holds secrets that a trainee never sees. */
export type ComponentAccess =
  | {
      readonly kind: 'postgres';
      readonly host: string;
      readonly port: number;
      readonly database: string;
      readonly trainee: Credentials;
      /** Unprivileged and read-only: what graders look with. */
      readonly checker: Credentials;
      /** May write and change everything: what graders and faults act with (`as: grader`). */
      readonly grader: Credentials;
      /** The role that the sample API connects with. */
      readonly apiRole: string;
    }
  | {
      readonly kind: 'sample-api';
      readonly url: string;
      readonly host: string;
      readonly port: number;
      /** The trainee's account: log in at POST /api/v1/auth/login. */
      readonly account: {
        readonly id: string;
        readonly email: string;
        readonly password: string;
        readonly tenantId: string;
        readonly permissions: readonly string[];
      };
      /** HS256 key of the API's tokens: lets the grader mint `act: { sub: grader }` tokens. */
      readonly jwtSecret: string;
    }
  | { readonly kind: 'service'; readonly url: string; readonly host: string; readonly port: number }
  | {
      readonly kind: 'redis';
      readonly url: string;
      readonly host: string;
      readonly port: number;
      readonly password: string;
    }
  | {
      readonly kind: 'stub';
      readonly url: string;
      readonly host: string;
      readonly port: number;
      /** Bearer token of its control port (`dial` with `control`), where journal and moods are. */
      readonly controlToken: string;
    }
  | { readonly kind: 'traffic'; readonly controlToken: string }
  | { readonly kind: 'shell'; readonly path: string }
  /** `namespace`: its real name in the cluster. */
  | { readonly kind: 'namespace'; readonly namespace: string };

/**
 * Where a component is spoken to: where trainees do, or where only we do (stub, traffic); in a namespace at a Service
 * that is there.
 */
export type ComponentPort = 'main' | 'control' | ServicePlace;

export interface ServicePlace {
  /** Name of a Service in the namespace. */
  readonly service: string;
  /** One of the Service's own; null: its only one. */
  readonly port: number | null;
}

export interface ServicePort extends ServicePlace {
  readonly port: number;
}

export type KillSignal = 'KILL' | 'TERM' | 'STOP' | 'CONT';

export interface ExecLimits {
  readonly timeoutMs: number;
  /** Cap on stdout and stderr each; over it the process is ended and `truncated` is set. */
  readonly maxBytes: number;
  /** Folder below the component's root that it runs in; absent: the root. */
  readonly cwd?: string;
}

export interface ExecResult {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  readonly truncated: boolean;
  readonly durationMs: number;
}

export interface TerminalSize {
  readonly cols: number;
  readonly rows: number;
}

/** A shell on a terminal, as a person sits before it. */
export interface Terminal {
  /** What is typed goes in, what is shown comes out; destroying it ends the shell. */
  readonly stream: Duplex;
  resize(size: TerminalSize): Promise<void>;
  /** Resolves when the shell has ended, with its exit code; null when a signal ended it or that is not known. */
  readonly ended: Promise<number | null>;
}

export interface FileQuery {
  /** A path or a glob (`*`, `**`, `?`) relative to the component's root; `..` and absolute paths are refused. */
  readonly glob: string;
  readonly maxFiles: number;
  readonly maxBytesEach: number;
  /** Once so much was read of all of them, the rest are only named; absent: no more than `maxFiles` and `maxBytesEach` allow. */
  readonly maxBytesAll?: number;
  /** Only so many first bytes of each are read, however large it is; absent: all of it. */
  readonly headBytes?: number;
}

export interface FileFound {
  readonly path: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
  /** Null when the file is over `maxBytesEach`, or was not read any more. */
  readonly content: Uint8Array | null;
}

export interface SandboxDriver {
  readonly name: BackendName;
  readonly capabilities: DriverCapabilities;
  /**
   * Makes what all labs of this version share (the template database) and is free when it is there.
   * Throws LabError `seed_failed` when the template's own seed is at fault.
   */
  prepare(version: TemplateVersion, signal: AbortSignal): Promise<void>;
  /** What of this template cannot be had here, a sentence each, such as that redis-server is not installed. */
  lacks(version: TemplateVersion): readonly string[];
  /**
   * Brings one component to its planned generation and returns when it serves, seen from where the trainee stands.
   * Idempotent; safe beside another call for the same component; removes lower generations; everything that the
   * component `uses` must be running. Where `plan.origin` has the component, a first generation is cloned from there.
   * What runs from the trainee's files (`source`) and does not start is no error: `observe` says why it is broken.
   * Throws LabError (`backend_unavailable`, `start_failed`, `timed_out` …).
   */
  ensure(plan: SandboxPlan, component: string, signal: AbortSignal): Promise<void>;
  /** What is there. Never throws for a trainee's mess, only `backend_unavailable`. */
  observe(plan: SandboxPlan, signal: AbortSignal): Promise<SandboxObservation>;
  /** Pure: derived from the plan and this installation's key. Throws `component_not_found`. */
  access(plan: SandboxPlan, component: string): ComponentAccess;
  /** A byte stream to the component from where the grader stands; `main` where no port is named. Throws `backend_unavailable`. */
  dial(plan: SandboxPlan, component: string, signal: AbortSignal, port?: ComponentPort): Promise<Duplex>;
  /** Sends a signal to all processes of a component; nothing when none runs. KILL and TERM return when it has ended. */
  kill(plan: SandboxPlan, component: string, signal: KillSignal, abort: AbortSignal): Promise<void>;
  /** Forgets the statement statistics of this component's database, and of no other. */
  resetStatistics(plan: SandboxPlan, component: string, signal: AbortSignal): Promise<void>;
  /** Runs a program as the trainee would, in the component; argv is whole words, no shell is put between. */
  exec(
    plan: SandboxPlan,
    component: string,
    argv: readonly string[],
    limits: ExecLimits,
    signal: AbortSignal,
  ): Promise<ExecResult>;
  /**
   * A shell in a component's workspace, as the trainee. Throws `bad_request` where the component has none,
   * `backend_unavailable` when it does not run.
   */
  terminal(plan: SandboxPlan, component: string, size: TerminalSize, signal: AbortSignal): Promise<Terminal>;
  /**
   * Ends what a component costs while nobody uses it, and keeps all that it holds; `ensure` brings it back as it was.
   * It is seen as absent or broken until then. What costs nothing stays as it is; what is absent is a success.
   */
  stop(plan: SandboxPlan, component: string, signal: AbortSignal): Promise<void>;
  /** Regular files only, links are not followed. The newest first, and only the newest `maxFiles`. */
  readFiles(
    plan: SandboxPlan,
    component: string,
    query: FileQuery,
    signal: AbortSignal,
  ): Promise<readonly FileFound[]>;
  /** Writes as the trainee would; makes parent folders. */
  writeFile(
    plan: SandboxPlan,
    component: string,
    path: string,
    content: Uint8Array,
    signal: AbortSignal,
  ): Promise<void>;
  /**
   * The newest of what a component's program printed, at most `maxBytes`; empty for what prints nothing. It is the
   * program's own word.
   */
  readLog(plan: SandboxPlan, component: string, maxBytes: number, signal: AbortSignal): Promise<string>;
  /** What components of the kind `namespace` are looked at and changed with; null where there can be none. */
  readonly namespaces: Namespaces | null;
  /** Removes everything of this sandbox, whatever its generation; what is absent is a success. */
  destroy(sandboxId: string, signal: AbortSignal): Promise<void>;
  /** Drops what is shared by versions that nobody needs any more (`prepare` makes it again); a few stay for a while. */
  prune(needed: readonly TemplateVersion[], signal: AbortSignal): Promise<void>;
  /** Ids of all sandboxes of this installation that have any resource here, with the time they were first made. */
  list(signal: AbortSignal): Promise<readonly { readonly sandboxId: string; readonly createdAt: Date }[]>;
  /** Called when a component that ran has stopped by itself; a hint, not a promise. */
  onTrouble(handler: (sandboxId: string) => void): void;
  /** Ends what must not outlive this process; labs are kept and found again by the next start. */
  close(): Promise<void>;
}

export interface DriverCapabilities {
  /** False on `process`: hostile trainees are not held apart. */
  readonly isolation: boolean;
}

/** Writes what a lab's template keeps of it. */
export interface LabExporter {
  /** Whole or not at all; in the place of an earlier one. Throws LabError. */
  write(
    about: {
      readonly lab: Lab;
      readonly sandbox: Sandbox;
      readonly version: TemplateVersion;
      readonly driver: SandboxDriver;
    },
    signal: AbortSignal,
  ): Promise<Exported>;
  /** Removes what was kept for long enough. */
  prune(): Promise<void>;
}

export interface Exported {
  readonly bytes: number;
  /** How much of what is to be kept was over what an export may hold. */
  readonly leftOut: number;
}

/** Answers `row` parameters' queries in a sandbox that is up. */
export interface Surveyor {
  /** @param backend of which the sandbox is. */
  survey(
    plan: SandboxPlan,
    signal: AbortSignal,
    backend: BackendName,
  ): Promise<Readonly<Record<string, readonly Json[]>>>;
}

// ----------------------------------------------------------------------------------------------------------- store

export interface NewLab {
  readonly id: string;
  readonly trainee: string;
  readonly templateId: string;
  readonly templateHash: string;
  /** The class that it is made for; absent: none. */
  readonly class?: string | null;
  readonly backend: BackendName;
  readonly seed: string;
  readonly ttlSeconds: number;
  readonly maxSeconds: number;
  /** Same key and same `bodyHash` by the same caller: the first lab again; another body: `idempotency_conflict`. */
  readonly idempotency: { readonly caller: string; readonly key: string; readonly bodyHash: string } | null;
  readonly quota: { readonly perTrainee: number; readonly global: number };
}

/** A lab with the sandbox that serves it and the database's own clock, read in one query. */
export interface Snapshot {
  readonly lab: Lab | null;
  readonly sandbox: Sandbox | null;
  readonly now: Date;
}

export interface LabQuery {
  readonly trainee?: string;
  readonly templateId?: string;
  readonly class?: string;
  readonly phases?: readonly LabPhase[];
  readonly cursor?: string;
  readonly limit: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** Fields of a lab that a transition may set; what is not named stays. */
export interface LabChange {
  readonly phase?: LabPhase;
  readonly params?: Readonly<Record<string, Json>>;
  readonly expiresAt?: Date;
  readonly warned?: readonly number[];
  readonly readyAt?: Date;
  /** Why it is paused; forgotten by itself once it is neither paused nor resuming. */
  readonly pausedBecause?: PauseReason;
  /** Nothing is changed where somebody has used the lab since then. */
  readonly unlessUsedSince?: Date;
  readonly exportsLeft?: number;
  readonly endedAt?: Date;
  readonly endReason?: EndReason;
  readonly endDetail?: string | null;
  /**
   * Check progress is forgotten in the same transaction, and so are skips and marks; faults wait again, with their
   * times counted from now; kept checkpoints are given up.
   */
  readonly forgetProgress?: boolean;
  /** Faults that fired since then wait again, with their times counted from now: what they did is undone. */
  readonly rearmFaultsSince?: Date;
  /** Operations that begin to wait in the same transaction; one of the same name stays as it is. */
  readonly plant?: readonly NewOperation[];
  /** The lab's watches are sampled from now on. */
  readonly watch?: boolean;
  /** So are the answers to the lab's questions. */
  readonly forgetAnswers?: boolean;
  /** When the sweep must look again at the latest. */
  readonly dueAt?: Date;
  /** The same compare-and-set transaction also changes the lab's sandbox. */
  readonly sandbox?: { readonly version: number; readonly change: SandboxChange };
}

export interface SandboxChange {
  readonly state?: 'building' | 'up' | 'dead' | 'gone';
  readonly components?: Sandbox['components'];
  readonly survey?: Readonly<Record<string, readonly Json[]>>;
  readonly failures?: number;
  readonly nextTryAt?: Date | null;
  readonly lastError?: string | null;
  /** When the sweep must look again at the latest. */
  readonly dueAt?: Date;
}

export interface NewOperation {
  readonly kind: OperationKind;
  readonly name: string;
  /** Null: when it is triggered. */
  readonly dueInSeconds: number | null;
}

export interface NewSandbox {
  readonly id: string;
  readonly templateId: string;
  readonly templateHash: string;
  readonly backend: BackendName;
  readonly components: readonly string[];
  readonly origin?: SandboxOrigin | null;
}

/** Waking keys: what a worker is told to look at. A lab includes its sandbox; a sandbox is named when it has no lab. */
export type LabOrSandboxKey = `lab:${string}` | `sandbox:${string}`;
export type WakeKey =
  | LabOrSandboxKey
  | `attempt:${string}`
  | `operation:${string}`
  /** A lab's watches. */
  | `watch:${string}`;

export interface LabStore {
  /**
   * Records a lab in phase `requested` with event `lab.requested`, due at once. Idempotency and both quotas are held
   * in one transaction, also between replicas. Throws `quota_trainee`, `quota_global`, `idempotency_conflict`.
   */
  createLab(lab: NewLab): Promise<{ readonly lab: Lab; readonly created: boolean; readonly now: Date }>;
  /** Snapshot with `lab: null` when there is none of this id. */
  getLab(id: string): Promise<Snapshot>;
  /** By sandbox: `lab` is the lab that it serves, if any. */
  getSandbox(id: string): Promise<Snapshot>;
  /** Newest first. */
  listLabs(query: LabQuery): Promise<Page<Snapshot & { readonly lab: Lab }>>;
  /**
   * Compare-and-set on `version` (and on the sandbox's where `change.sandbox` is given), with events, in one
   * transaction. Null when someone else was faster: nothing was changed. Moving a lab to `terminated` frees its quota.
   *
   * Moving it to `paused` is refused in the same way while it is graded, or while a state of it is kept or a task of it
   * done. What waits for a time in it, and its watches, wait until it is neither paused nor resuming: a pause counts for
   * nothing.
   */
  transition(
    id: string,
    version: number,
    change: LabChange,
    events: readonly LabEvent[],
  ): Promise<Snapshot | null>;
  /** Compare-and-set of a sandbox alone; events go to its lab, if it has one. */
  changeSandbox(
    id: string,
    version: number,
    change: SandboxChange,
    events?: readonly LabEvent[],
  ): Promise<Snapshot | null>;
  /**
   * Gives the lab a spare (state `up`, no lab, same hash and backend, no failures; oldest first) in one transaction:
   * a spare goes to exactly one of any number of racing claimers. The lab's former sandbox, if any, becomes `dead`
   * and due. The spare is *not* yet announced: the caller checks it and transitions the lab.
   * Null when there is no spare or the lab's version has moved on.
   */
  claimSpare(
    labId: string,
    version: number,
    change: LabChange,
    events: readonly LabEvent[],
  ): Promise<Snapshot | null>;
  /** A new sandbox, `building`, for a lab (which moves by `change`, compare-and-set) … */
  startSandboxForLab(
    labId: string,
    version: number,
    sandbox: NewSandbox,
    change: LabChange,
    events: readonly LabEvent[],
  ): Promise<Snapshot | null>;
  /** … or a spare: only while fewer than `wanted` unclaimed ones (building or up) of this hash and backend live. */
  startSpare(sandbox: NewSandbox, wanted: number): Promise<Sandbox | null>;
  /** Templates, classes and backends of the labs that were asked for in the last `seconds`, most asked for first. */
  recentDemand(seconds: number): Promise<
    readonly {
      readonly templateId: string;
      readonly class: string | null;
      readonly backend: BackendName;
    }[]
  >;
  /** Unclaimed sandboxes (building or up), for the stock keeper. */
  listSpares(): Promise<readonly Sandbox[]>;
  /**
   * Claims rows whose due time has come, oldest first, by moving their due time `leaseSeconds` ahead
   * (FOR UPDATE SKIP LOCKED): labs, sandboxes without a lab or dead, attempts, operations and watches.
   */
  claimDue(limit: number, leaseSeconds: number): Promise<readonly WakeKey[]>;
  /** Keeps a claimed or woken row from being claimed by others for `leaseSeconds` more; missing rows are ignored. */
  holdDue(key: WakeKey, leaseSeconds: number): Promise<void>;
  /** As `holdDue`, unless the row has moved on from `version`: what changed meanwhile stays due. */
  restUntilDue(key: LabOrSandboxKey, version: number, seconds: number): Promise<void>;
  /** Which of these sandbox ids must be kept: those that are recorded and neither dead nor gone. */
  livingSandboxes(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Hashes of the template versions that labs and sandboxes which have not ended are made of, and of what classes get. */
  livingTemplates(): Promise<readonly string[]>;
  /** Notes that somebody does something with a lab that has not ended; not more often than every few seconds. */
  touch(labId: string): Promise<void>;
  /** Appends events outside a transition. */
  appendEvents(labId: string, events: readonly LabEvent[]): Promise<void>;
  eventsAfter(labId: string, seq: number, limit: number): Promise<readonly RecordedEvent[]>;
  /**
   * Events of several labs, each after its own number, ordered by lab and number, at most `limitEach` of one lab.
   * One query, however many labs are watched: what a server's event streams poll with.
   */
  eventsSince(after: ReadonlyMap<string, number>, limitEach: number): Promise<readonly RecordedEvent[]>;
  /** Queue position (1 = next) among labs of this backend that are not yet ready, and measured seconds to ready. */
  queueFacts(lab: Lab): Promise<{
    readonly position: number;
    readonly p50Seconds: number | null;
    readonly p90Seconds: number | null;
  }>;
  /** The database's clock. */
  now(): Promise<Date>;
}

/**
 * Sandboxes beside labs. They are `building` or `up` for as long as their owner needs them, rest in the sweep, and are
 * destroyed like any other once they are `dead`.
 */
export interface ForkStore {
  /**
   * Records one for a running attempt, before anything of it is made; null when the fence is not the newest. All of
   * an attempt are dead as soon as it is started anew, finished or void.
   */
  startFork(attemptId: string, fence: number, sandbox: NewSandbox): Promise<Sandbox | null>;
  /**
   * Records one for a checkpoint or a snapshot; dead when the lab ends or the state is given up, when the operation is
   * started anew or failed, and when it is done with another. Null: fenced off.
   */
  startCheckpoint(operationId: string, fence: number, sandbox: NewSandbox): Promise<Sandbox | null>;
  /** It may be destroyed from now on; nothing when it already may. */
  endFork(sandboxId: string): Promise<void>;
}

export interface OperationWork {
  readonly operation: Operation;
  /** Raised by every claim: a stale worker's record is refused. */
  readonly fence: number;
}

export interface OperationStore {
  /** Of one lab, in the order in which they were planted. */
  listOperations(labId: string): Promise<readonly Operation[]>;
  /** Plants one outside a transition; false when one of its kind and name is there. Throws `lab_not_found`, `lab_ended`. */
  plantOperation(labId: string, operation: NewOperation): Promise<boolean>;
  /**
   * Plants a snapshot, due at once, where the lab has fewer than `most`; `known`: it has one of this name. A reset leaves
   * snapshots alone, and one that failed leaves nothing. Throws as `plantOperation`.
   */
  plantSnapshot(
    labId: string,
    snapshot: { readonly name: string; readonly saved: Operation['saved'] },
    most: number,
  ): Promise<'planted' | 'known' | 'too_many'>;
  /** Gives a snapshot up, made or not, with an event. `in_use`: its lab is just being made from it. */
  deleteSnapshot(
    labId: string,
    name: string,
    events: readonly LabEvent[],
  ): Promise<'deleted' | 'unknown' | 'in_use'>;
  /** Makes a waiting one due now; false when none of this id waits. */
  triggerOperation(id: string): Promise<boolean>;
  /** Makes it `running` under a new fence, with `events` when it was waiting; null when it is over or its lab is not ready. */
  startOperation(
    id: string,
    leaseSeconds: number,
    events: readonly LabEvent[],
  ): Promise<OperationWork | null>;
  /**
   * Notes, before it is done, that step number `step` (from 0) begins, and what the steps before it saved. False:
   * fenced off, begun before, or the lab is not ready: it must not be done. So must it not when this throws.
   */
  beginStep(id: string, fence: number, step: number, saved: Operation['saved']): Promise<boolean>;
  /** Records its end with events; operations of the lab whose ids `trigger` names become due. False: fenced off. */
  finishOperation(
    id: string,
    fence: number,
    end: {
      readonly state: 'done' | 'failed';
      readonly detail: string | null;
      readonly sandboxId?: string;
      readonly events: readonly LabEvent[];
      readonly trigger?: readonly string[];
    },
  ): Promise<boolean>;
}

export interface WatchStore {
  /** Claims the sampling of a lab's watches under a new fence; null when the lab is not ready or has none. */
  startWatching(labId: string, leaseSeconds: number): Promise<{ readonly fence: number } | null>;
  /**
   * Keeps samples as runs. A run whose `from` is that of a kept run of its watch takes that one's place (the holder has
   * gone on with it), unless it ends earlier; any other is added. So a holder keeps a run once it has a sample, and
   * again, with the same `from`, as it grows; whether a run goes on over a gap is the holder's to decide.
   * False: fenced off, or the lab is not ready; nothing is kept.
   */
  keepSamples(labId: string, fence: number, runs: readonly WatchRun[]): Promise<boolean>;
  /** Runs that end at or after `since`, oldest first, at most 10,000, the newest of them. */
  watchRuns(labId: string, watchId: string, since: Date | null): Promise<readonly WatchRun[]>;
}

/** Template versions by hash: what labs are pinned to. */
export interface TemplateStore {
  /** Idempotent. */
  save(version: TemplateVersion): Promise<void>;
  load(hash: string): Promise<TemplateVersion | null>;
}

// ----------------------------------------------------------------------------------------------------------- queue

/** A doorbell: rings may be lost, doubled or reordered; the sweep makes up for it. */
export interface QueueDepth {
  readonly waiting: number;
  readonly active: number;
  /** How long the ring has waited that has waited longest; 0 when none waits. */
  readonly oldestSeconds: number;
}

export interface LabQueue {
  wake(key: WakeKey): Promise<void>;
  /** One handler at a time per key; a ring during a run makes one more run after it. */
  onWake(handler: (key: WakeKey, signal: AbortSignal) => Promise<void>): void;
  /** Depth and the age of the oldest unserved ring, for metrics. */
  depth(): Promise<QueueDepth>;
  /** Stops taking rings, waits for running handlers up to `graceMs`, then aborts them. */
  close(graceMs: number): Promise<void>;
}
