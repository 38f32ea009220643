/** Who did what to whom, for those who have to answer for it later. */
import type { Json } from '../templates/types.ts';

export interface AuditEntry {
  readonly actor: string;
  readonly role: string;
  /** Such as `lab.delete` or `token.create`. */
  readonly action: string;
  /** What it was done to, such as a lab's id. */
  readonly target: string | null;
  /** `done`, or the error code of what refused or broke it, such as `forbidden`. */
  readonly outcome: string;
  /** Small, and never a secret. */
  readonly detail: Readonly<Record<string, Json>>;
}

export interface RecordedAudit extends AuditEntry {
  readonly id: string;
  readonly at: Date;
}

/** Written by us, changed by nobody. */
export interface AuditSink {
  record(entry: AuditEntry): Promise<void>;
}

export interface AuditQuery {
  readonly target?: string;
  readonly actor?: string;
  readonly action?: string;
  readonly since?: Date;
  /** The id where the page before ended. */
  readonly before?: string;
  readonly limit: number;
}

export interface AuditLog extends AuditSink {
  /** Newest first. */
  list(query: AuditQuery): Promise<readonly RecordedAudit[]>;
}
