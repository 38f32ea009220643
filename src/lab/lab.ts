/**
 * The two rows that the core decides over. A lab is what a trainee asked for; a sandbox is one set of real resources.
 * They are apart so that a spare exists before its lab and a reset can point the lab at another sandbox.
 */
import type { BackendName, Json } from '../templates/types.ts';

export type LabPhase =
  | 'requested'
  | 'provisioning'
  | 'ready'
  /** Its components are stopped and keep what they hold; its lifetime goes on. */
  | 'paused'
  /** They are started again. */
  | 'resuming'
  | 'terminating'
  | 'terminated';

export type EndReason = 'deleted' | 'expired' | 'provision_failed' | 'template_invalid';

/** Somebody asked for it, or nobody did anything with it for a while. */
export type PauseReason = 'asked' | 'idle';

export interface Lab {
  readonly id: string;
  /** Compare-and-set: every change names the version that it was decided on and raises it by one. */
  readonly version: number;
  readonly phase: LabPhase;
  readonly trainee: string;
  readonly templateId: string;
  readonly templateHash: string;
  /** The class that it was made for. */
  readonly class: string | null;
  readonly backend: BackendName;
  /** What the lab's parameters are drawn from; recorded, so that they can be drawn again. */
  readonly seed: string;
  /** The drawn parameters, null until a sandbox is there (a `row` draw needs its data). */
  readonly params: Readonly<Record<string, Json>> | null;
  /** The sandbox that serves this lab now. */
  readonly sandboxId: string | null;
  readonly createdAt: Date;
  /** Since when it has been as it is now made: anew after a reset of all of it, and after a rewind. */
  readonly readyAt: Date | null;
  readonly expiresAt: Date;
  /** `extend` never moves `expiresAt` past this. */
  readonly maxExpiresAt: Date;
  /** Expiry warnings (seconds before the end) that were already sent. */
  readonly warned: readonly number[];
  /** When somebody last did something with it. */
  readonly activeAt: Date;
  /** Why it is paused; null while it is not. */
  readonly pausedBecause: PauseReason | null;
  /** While it ends: how often it is still tried to write what its template keeps; before that its sandbox stays. */
  readonly exportsLeft: number;
  readonly endedAt: Date | null;
  readonly endReason: EndReason | null;
  readonly endDetail: string | null;
}

/** An attempt's fork or reference, or a kept state of a lab. */
export type SandboxOwner =
  | `attempt:${string}`
  | `checkpoint:${string}/${string}`
  | `snapshot:${string}/${string}`;

export interface SandboxOrigin {
  readonly sandboxId: string;
  readonly generations: Readonly<Record<string, number>>;
}

/** `building` may already belong to a lab; `up` without a lab is a spare; `dead` may be destroyed; `gone` is. */
export type SandboxState = 'building' | 'up' | 'dead' | 'gone';

/** `stopped`: we stopped it, for its lab is paused; the others are what was seen. */
export type Observed = 'unknown' | 'absent' | 'starting' | 'running' | 'broken' | 'stopped';

export interface ComponentRow {
  /** Raised by reset: resources of lower generations are to be replaced. */
  readonly generation: number;
  readonly observed: Observed;
  /** The generation that was last seen running; a reset is done when it equals `generation`. */
  readonly servedGeneration: number;
  /** What is wrong, for people; null when nothing is. */
  readonly detail: string | null;
}

export interface Sandbox {
  readonly id: string;
  readonly version: number;
  readonly state: SandboxState;
  /** Null while it is a spare, and of what is nobody's lab: see `owner`. */
  readonly labId: string | null;
  /** Whom a sandbox serves that is neither a lab's nor a spare; it lives as long as that. */
  readonly owner: SandboxOwner | null;
  /** The sandbox, at the generations of then, that its first generations are cloned from; null: the template. */
  readonly origin: SandboxOrigin | null;
  readonly templateId: string;
  readonly templateHash: string;
  readonly backend: BackendName;
  readonly components: Readonly<Record<string, ComponentRow>>;
  /** Rows that `row` parameters are drawn from, surveyed once when it was built; null before. */
  readonly survey: Readonly<Record<string, readonly Json[]>> | null;
  /** Failed efforts in a row since it last worked, and when the next one is due. */
  readonly failures: number;
  readonly nextTryAt: Date | null;
  readonly lastError: string | null;
  readonly createdAt: Date;
}

/** What a driver saw. A component that is not named is absent. */
export interface SandboxObservation {
  readonly components: Readonly<Record<string, ComponentObservation>>;
}

export interface ComponentObservation {
  readonly state: Exclude<Observed, 'unknown' | 'stopped'>;
  /** The generation of the resources that were seen; 0 when absent. */
  readonly generation: number;
  readonly detail: string | null;
}

/** Something that happened in a lab's life; numbered per lab, append-only. */
export interface LabEvent {
  readonly type:
    | 'lab.requested'
    | 'lab.provisioning'
    | 'lab.ready'
    | 'lab.terminating'
    | 'lab.terminated'
    | 'lab.extended'
    | 'lab.paused'
    | 'lab.resumed'
    | 'lab.expires_soon'
    | 'lab.reset'
    | 'lab.error'
    | 'component.running'
    | 'component.broken'
    | 'attempt.requested'
    | 'attempt.started'
    | 'check.judged'
    | 'attempt.finished'
    | 'attempt.void'
    /** The lab's database stands still for a moment, for the grader's copy of it. */
    | 'lab.pausing'
    | 'lab.rewound'
    /** Somebody else than its trainee opened a terminal in it, or a connection to it. */
    | 'lab.visited'
    | 'fault.fired'
    | 'fault.done'
    | 'fault.failed'
    | 'checkpoint.kept'
    | 'snapshot.kept'
    | 'snapshot.failed'
    | 'snapshot.deleted'
    | 'lab.restored'
    | 'lab.exported'
    | 'lab.export_failed'
    | 'task.skipped'
    | 'check.marked'
    | 'check.overridden'
    | 'attempt.regraded'
    | 'help.requested'
    | 'help.answered';
  readonly data: Readonly<Record<string, Json>>;
}

export interface RecordedEvent extends LabEvent {
  readonly labId: string;
  readonly seq: number;
  readonly at: Date;
}

/**
 * Work on a live lab that must not be done twice: a fault, the keeping of a state, the doing of a task for somebody.
 * One row each; a step that was begun is never begun again, whatever crashed.
 */
export interface Operation {
  /** `<labId>/<kind>/<name>`. */
  readonly id: string;
  readonly labId: string;
  readonly kind: OperationKind;
  /** Of the fault, of the task, or of the snapshot. */
  readonly name: string;
  readonly state: 'waiting' | 'running' | 'done' | 'failed';
  /** How many of its steps were begun. */
  readonly begun: number;
  /** What its steps saved, or what it was planted with. */
  readonly saved: Readonly<Record<string, Json>>;
  /** That of a checkpoint or a snapshot. */
  readonly sandboxId: string | null;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  /** Why it failed; null when it did not. */
  readonly detail: string | null;
}

export type OperationKind = 'fault' | 'checkpoint' | 'skip' | 'snapshot' | 'export';

/** Equal samples of a watch in a row: all good, or all not. */
export interface WatchRun {
  readonly watchId: string;
  /** Of the first and of the last sample. */
  readonly from: Date;
  readonly to: Date;
  readonly count: number;
  readonly good: boolean;
  /** What the last sample showed, small; null when it saw nothing. */
  readonly value: Json;
  /** Why the last one was not good; null when it was. */
  readonly detail: string | null;
}
