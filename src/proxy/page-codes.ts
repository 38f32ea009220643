/** One-time codes: what a caller of the API takes to a lab's page, in place of their token. */
import type { Session } from './session.ts';

/** What a code stands for. */
export type Entry = Omit<Session, 'expiresAt'>;

export interface PageCodes {
  /** Works once, for `seconds`. */
  issue(entry: Entry, seconds: number): Promise<{ readonly code: string; readonly expiresAt: Date }>;
  /** Null when it is unknown, was used, or is over. Of any number that redeem it at once, one succeeds. */
  redeem(code: string): Promise<Entry | null>;
}
