import type { Interrupts } from './interrupts.ts';
import type { Terminal } from './terminal.ts';

/** What every command is given. */
export interface Cli {
  /** Ready when a command's action runs: `--json` and `--no-color` are known by then. */
  readonly terminal: Terminal;
  readonly interrupts: Interrupts;
}
