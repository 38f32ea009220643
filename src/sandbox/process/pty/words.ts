/** What passes between a terminal's keeper and its parent beside the bytes. */
import type { TerminalSize } from '../../../lab/ports.ts';

/** The first word to the keeper: what to run, and as whom. */
export interface ShellSpec {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly size: TerminalSize;
  /** Null: as whoever the keeper is. */
  readonly user: { readonly uid: number; readonly gid: number } | null;
}

export type ToKeeper =
  | { readonly start: ShellSpec }
  | { readonly resize: TerminalSize }
  /** Nobody sits before it any more: a keeper whose terminal takes no input does not see that itself. */
  | { readonly hangUp: true };

export type FromKeeper =
  | { readonly started: number }
  | { readonly failed: string }
  /** `code` is null when a signal ended the shell. */
  | { readonly ended: { readonly code: number | null } };

/** The keeper's end of the bytes. */
export const bytesFd = 4;
