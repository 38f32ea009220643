import { reportOf } from '../cli-error.ts';
import type { Terminal } from '../terminal.ts';

type Turn = (signal: AbortSignal) => Promise<void>;

/** What is done one after the other; each can be interrupted by itself, and what it throws is told and no more. */
export function createTurns(
  terminal: Terminal,
  stop: AbortSignal,
  around: { readonly before: () => void; readonly ended: () => void; readonly after: () => void },
) {
  let last: Promise<void> = Promise.resolve();
  let current: AbortController | null = null;

  async function take(turn: Turn): Promise<void> {
    if (stop.aborted) return;
    const own = new AbortController();
    current = own;
    around.before();
    try {
      await turn(AbortSignal.any([stop, own.signal])).finally(around.ended);
    } catch (thrown) {
      if (own.signal.aborted) terminal.print('Stopped.');
      else if (!stop.aborted) terminal.print(terminal.colour.red(reportOf(thrown).message));
    } finally {
      current = null;
      around.after();
    }
  }

  return {
    add(turn: Turn): void {
      last = last.then(() => take(turn));
    },
    /** False: nothing is under way. */
    interrupt(): boolean {
      current?.abort();
      return current !== null;
    },
    async idle(): Promise<void> {
      for (let seen: Promise<void> | null = null; seen !== last; ) {
        seen = last;
        await seen;
      }
    },
  };
}
