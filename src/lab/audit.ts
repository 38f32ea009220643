/** Who did what to whom, for those who have to answer for it later. */
import type { Json } from '../templates/types.ts';

export interface AuditEntry {
  readonly actor: string;
  readonly role: string;
  /** Such as `lab.delete` or `token.create`. */
  readonly action: string;
  /** What it was done to, such as a lab's id. */
  readonly target: string | null;
  /** Never a secret. */
  readonly detail: Readonly<Record<string, Json>>;
}

/** Written by us, changed by nobody. */
export interface AuditSink {
  record(entry: AuditEntry): Promise<void>;
}
