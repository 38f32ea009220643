/**
 * Which version of a template people get. The folder is the draft; a version is staged, then released; a bad release is
 * withdrawn. A class is pinned to versions, whatever is released. Labs that are there stay on theirs.
 */

/** What a pick is made from. */
export interface Choice {
  /** What trainees get; null: nothing was ever released, so that they get the draft. */
  readonly released: string | null;
  /** What this class gets instead. */
  readonly pinned: string | null;
  /** False: there is no class of this name. */
  readonly classKnown: boolean;
}

export type VersionStage = 'draft' | 'staged' | 'released' | 'replaced' | 'withdrawn';

export interface VersionRecord {
  readonly hash: string;
  /** `replaced` and `withdrawn` were released before: by a newer one, or by a rollback, they are not any more. */
  readonly stage: VersionStage;
  /** When that was staged, released or withdrawn, by whom and why; null of a draft. A `replaced` one: its release. */
  readonly since: Date | null;
  readonly by: string | null;
  readonly note: string | null;
  /** Labs made of it that have not ended. */
  readonly labs: number;
  /** Classes that are pinned to it. */
  readonly classes: readonly string[];
}

/** Who did it and why, for those who look later. */
export interface Act {
  readonly by: string;
  readonly note: string | null;
}

export type ReleaseOutcome =
  /** `before`: what was released until now. */
  | { readonly outcome: 'released'; readonly hash: string; readonly before: string | null }
  /** It is what is released already. */
  | { readonly outcome: 'known'; readonly hash: string }
  | { readonly outcome: 'not_staged' | 'nothing_staged' };

export type RollbackOutcome =
  | { readonly outcome: 'rolled_back'; readonly hash: string; readonly before: string }
  /** Another than the one that was meant stands. */
  | { readonly outcome: 'moved'; readonly hash: string }
  | { readonly outcome: 'never_released' | 'no_earlier' };

/** Releases and rollbacks of one template come one after the other, also between replicas. */
export interface ReleaseStore {
  choice(templateId: string, classId: string | null): Promise<Choice>;
  /** What trainees get, of every template that was released. */
  released(): Promise<readonly { readonly templateId: string; readonly hash: string }[]>;
  /** Hashes that classes are pinned to. */
  pinned(): Promise<readonly string[]>;
  /** Staging again makes it the one that was staged last. */
  stage(templateId: string, hash: string, act: Act): Promise<void>;
  /** @param hash null: what was staged last, unless it was released since then. */
  release(templateId: string, hash: string | null, act: Act): Promise<ReleaseOutcome>;
  /**
   * Withdraws what is released: the one before it is released again. Never done twice by itself: a connection that is
   * lost on the way is an error.
   * @param from what is meant to be withdrawn; null: whatever is released.
   */
  rollBack(templateId: string, from: string | null, act: Act): Promise<RollbackOutcome>;
  /** All that were staged, and those that labs live on; the newest change first, drafts last. */
  versions(templateId: string): Promise<readonly VersionRecord[]>;
  /** Hashes of this template's kept versions that begin so; at most 10. */
  find(templateId: string, prefix: string): Promise<readonly string[]>;
}

/** What becomes of work that is handed in after its time. */
export type LatePolicy = 'accept' | 'mark' | 'refuse';

export interface Due {
  readonly at: Date;
  readonly late: LatePolicy;
}

export interface ClassFacts {
  readonly title: string;
  /** Template → hash of the version that the class gets. */
  readonly pins: Readonly<Record<string, string>>;
  /** Template → when work is to be handed in. */
  readonly due: Readonly<Record<string, Due>>;
}

export interface ClassRecord extends ClassFacts {
  readonly id: string;
  readonly changedAt: Date;
  readonly changedBy: string;
  /** Labs of it that have not ended. */
  readonly labs: number;
}

export interface ClassStore {
  /** Makes it, or makes it what is given; all of it in one transaction. */
  putClass(id: string, facts: ClassFacts, by: string): Promise<ClassRecord>;
  getClass(id: string): Promise<ClassRecord | null>;
  /** By id. */
  listClasses(): Promise<readonly ClassRecord[]>;
  /** Labs keep its name. False: there was none. */
  deleteClass(id: string): Promise<boolean>;
}
