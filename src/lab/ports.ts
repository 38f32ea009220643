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
  RecordedEvent,
  Sandbox,
  SandboxObservation,
} from './lab.ts';

// ---------------------------------------------------------------------------------------------------------- driver

/** Everything that a driver needs to make one sandbox; pure data, names derive from `sandboxId` and generation. */
export interface SandboxPlan {
  readonly sandboxId: string;
  readonly version: TemplateVersion;
  readonly components: Readonly<Record<string, ComponentPlan>>;
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
  | { readonly kind: 'shell'; readonly path: string };

export interface ExecLimits {
  readonly timeoutMs: number;
  /** Cap on stdout and stderr each; over it the process is ended and `truncated` is set. */
  readonly maxBytes: number;
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

export interface FileQuery {
  /** A path or a glob (`*`, `**`, `?`) relative to the component's root; `..` and absolute paths are refused. */
  readonly glob: string;
  readonly maxFiles: number;
  readonly maxBytesEach: number;
}

export interface FileFound {
  readonly path: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
  /** Null when the file is over `maxBytesEach`. */
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
  /**
   * Brings one component to its planned generation and returns when it serves, seen from where the trainee stands.
   * Idempotent; safe beside another call for the same component; removes lower generations; everything that the
   * component `uses` must be running. Throws LabError (`backend_unavailable`, `start_failed`, `timed_out` …).
   */
  ensure(plan: SandboxPlan, component: string, signal: AbortSignal): Promise<void>;
  /** What is there. Never throws for a trainee's mess, only `backend_unavailable`. */
  observe(plan: SandboxPlan, signal: AbortSignal): Promise<SandboxObservation>;
  /** Pure: derived from the plan and this installation's key. Throws `component_not_found`. */
  access(plan: SandboxPlan, component: string): ComponentAccess;
  /** A byte stream to the component from where the grader stands. Throws `backend_unavailable`. */
  dial(plan: SandboxPlan, component: string, signal: AbortSignal): Promise<Duplex>;
  /** Runs a program as the trainee would, in the component; argv is whole words, no shell is put between. */
  exec(
    plan: SandboxPlan,
    component: string,
    argv: readonly string[],
    limits: ExecLimits,
    signal: AbortSignal,
  ): Promise<ExecResult>;
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

/** Answers `row` parameters' queries in a sandbox that is up. */
export interface Surveyor {
  survey(plan: SandboxPlan, signal: AbortSignal): Promise<Readonly<Record<string, readonly Json[]>>>;
}

// ----------------------------------------------------------------------------------------------------------- store

export interface NewLab {
  readonly id: string;
  readonly trainee: string;
  readonly templateId: string;
  readonly templateHash: string;
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
  readonly endedAt?: Date;
  readonly endReason?: EndReason;
  readonly endDetail?: string | null;
  /** Check progress is forgotten in the same transaction. */
  readonly forgetProgress?: boolean;
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

export interface NewSandbox {
  readonly id: string;
  readonly templateId: string;
  readonly templateHash: string;
  readonly backend: BackendName;
  readonly components: readonly string[];
}

/** Waking keys: what a worker is told to look at. A lab includes its sandbox; a sandbox is named when it has no lab. */
export type LabOrSandboxKey = `lab:${string}` | `sandbox:${string}`;
export type WakeKey = LabOrSandboxKey | `attempt:${string}`;

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
  /** Templates and backends of the labs that were asked for in the last `seconds`, most asked for first. */
  recentDemand(
    seconds: number,
  ): Promise<readonly { readonly templateId: string; readonly backend: BackendName }[]>;
  /** Unclaimed sandboxes (building or up), for the stock keeper. */
  listSpares(): Promise<readonly Sandbox[]>;
  /**
   * Claims rows whose due time has come, oldest first, by moving their due time `leaseSeconds` ahead
   * (FOR UPDATE SKIP LOCKED): labs, sandboxes without a lab or dead, and attempts.
   */
  claimDue(limit: number, leaseSeconds: number): Promise<readonly WakeKey[]>;
  /** Keeps a claimed or woken row from being claimed by others for `leaseSeconds` more; missing rows are ignored. */
  holdDue(key: WakeKey, leaseSeconds: number): Promise<void>;
  /** As `holdDue`, unless the row has moved on from `version`: what changed meanwhile stays due. */
  restUntilDue(key: LabOrSandboxKey, version: number, seconds: number): Promise<void>;
  /** Which of these sandbox ids must be kept: those that are recorded and neither dead nor gone. */
  livingSandboxes(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Hashes of the template versions that labs and sandboxes which have not ended are made of. */
  livingTemplates(): Promise<readonly string[]>;
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

/** Template versions by hash: what labs are pinned to. */
export interface TemplateStore {
  /** Idempotent. */
  save(version: TemplateVersion): Promise<void>;
  load(hash: string): Promise<TemplateVersion | null>;
}

// ----------------------------------------------------------------------------------------------------------- queue

/** A doorbell: rings may be lost, doubled or reordered; the sweep makes up for it. */
export interface LabQueue {
  wake(key: WakeKey): Promise<void>;
  /** One handler at a time per key; a ring during a run makes one more run after it. */
  onWake(handler: (key: WakeKey, signal: AbortSignal) => Promise<void>): void;
  /** Depth and the age of the oldest unserved ring, for metrics. */
  depth(): Promise<{ readonly waiting: number; readonly active: number }>;
  /** Stops taking rings, waits for running handlers up to `graceMs`, then aborts them. */
  close(graceMs: number): Promise<void>;
}
