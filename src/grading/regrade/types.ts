/** Regrades: attempts judged again, as a layer over what was recorded. */

import type { Judged } from '../judge/judge.ts';
import type { Attempt, CheckResult, EvidencePiece } from '../types.ts';

/** A check's verdict by itself, and the template version whose expectations it is by. */
export interface OwnVerdict {
  readonly version: string;
  readonly judged: Judged;
}

/** What counts of an attempt instead of what was recorded. */
export interface Layer {
  readonly regrade: string;
  readonly attempt: number;
  readonly at: Date;
  readonly reason: string;
  readonly points: number;
  readonly maxPoints: number;
  readonly penalty: number;
  readonly results: readonly CheckResult[];
}

/** A layer with what the next one builds on. */
export interface DeepLayer extends Layer {
  readonly own: Readonly<Record<string, OwnVerdict>>;
  /** The version that it was judged by. */
  readonly version: string;
}

/** A finished attempt with all that judging it again needs. */
export interface RegradeSubject {
  readonly attempt: Attempt;
  /** What counts of it now; null: what was recorded. */
  readonly layer: DeepLayer | null;
}

export interface LabToRegrade {
  readonly labId: string;
  /** Every finished attempt, in order. */
  readonly attempts: readonly RegradeSubject[];
  /** When its score was forgotten: what was passed before counts for nothing after it. */
  readonly forgotten: readonly Date[];
}

export type RegradeState = 'running' | 'ready' | 'applied' | 'undone' | 'stopped';

export interface RegradeWish {
  readonly templateId: string;
  /** Only attempts that were graded by this version; null: by whichever. */
  readonly from: string | null;
  readonly to: string;
  readonly labId: string | null;
  /** Only this check is judged anew; what depends on it is settled. */
  readonly checkId: string | null;
  /** Whether grades that were handed in change too. */
  readonly finals: boolean;
}

export interface Regrade extends RegradeWish {
  readonly id: string;
  readonly state: RegradeState;
  readonly askedBy: string;
  readonly askedAt: Date;
  readonly reason: string | null;
  readonly appliedBy: string | null;
  readonly appliedAt: Date | null;
  readonly undoneBy: string | null;
  readonly undoneAt: Date | null;
  readonly undoReason: string | null;
  readonly counts: {
    readonly attempts: number;
    /** Those with another verdict, other points or another message. */
    readonly changed: number;
    /** Of these, those that were handed in. */
    readonly changedFinals: number;
    /** Those of which a check kept its verdict because it could not be judged again. */
    readonly kept: number;
  };
}

/** What a regrade found of one attempt. */
export interface RegradedAttempt {
  readonly attemptId: string;
  readonly labId: string;
  readonly number: number;
  readonly final: boolean;
  /** The layer that counted when this was judged. */
  readonly over: string | null;
  readonly changed: boolean;
  readonly points: number;
  readonly pointsBefore: number;
  readonly maxPoints: number;
  readonly penalty: number;
  readonly results: readonly CheckResult[];
  readonly own: Readonly<Record<string, OwnVerdict>>;
  /** Check → why it kept its verdict. Under `*`: why all of them did. */
  readonly kept: Readonly<Record<string, readonly string[]>>;
  /** A `RegradeDetail`, sealed. */
  readonly detail: EvidencePiece;
}

/** What people are shown of one attempt's changes; secrets are taken out. */
export interface RegradeDetail {
  readonly changes: readonly CheckChange[];
}

export interface CheckChange {
  readonly check: string;
  /** `judged`: its expectations or what they gave are others. `settled`: what it depends on is. */
  readonly because: 'judged' | 'settled';
  readonly from: Standing;
  readonly to: Standing;
  /** Those whose text or outcome is another. */
  readonly expectations: readonly {
    readonly old: string | null;
    readonly new: string | null;
    readonly metBefore: boolean | null;
    readonly metNow: boolean | null;
  }[];
  /** What its expectations read: shortened text. */
  readonly observed: Readonly<Record<string, string>>;
}

export interface Standing {
  readonly verdict: string;
  readonly points: number;
  readonly maxPoints: number;
  readonly message: string | null;
}

export type AppliedOutcome =
  | { readonly outcome: 'done'; readonly regrade: Regrade }
  | { readonly outcome: 'not_found' }
  | { readonly outcome: 'wrong_state'; readonly state: RegradeState }
  /** What it was judged on is not what stands now. */
  | { readonly outcome: 'moved'; readonly what: readonly string[] };

export interface RegradeStore {
  begin(regrade: RegradeWish & { readonly id: string; readonly askedBy: string }): Promise<void>;
  /** Labs with attempts that the wish names, by id, after the given one. */
  labsToRegrade(wish: RegradeWish, after: string, limit: number): Promise<readonly string[]>;
  readLab(labId: string): Promise<LabToRegrade>;
  put(id: string, attempts: readonly RegradedAttempt[]): Promise<void>;
  /** `ready`, or `stopped` when it was not gone through to its end. */
  end(id: string, state: 'ready' | 'stopped'): Promise<void>;
  get(id: string): Promise<Regrade | null>;
  /** Newest first. */
  list(query: {
    readonly templateId?: string;
    readonly before?: { readonly createdAt: Date; readonly id: string };
    readonly limit: number;
  }): Promise<readonly Regrade[]>;
  /** Attempts with changes or with checks that kept their verdict, by lab and number. */
  results(
    id: string,
    query: { readonly after?: { readonly labId: string; readonly number: number }; readonly limit: number },
  ): Promise<readonly RegradedAttempt[]>;
  /** Makes it count, with progress and events, for all attempts or none. */
  apply(id: string, act: { readonly by: string; readonly reason: string }): Promise<AppliedOutcome>;
  /** Refused (`moved`) while another regrade counts on top of it. */
  undo(id: string, act: { readonly by: string; readonly reason: string }): Promise<AppliedOutcome>;
  evidence(address: string): Promise<Uint8Array | null>;
}
