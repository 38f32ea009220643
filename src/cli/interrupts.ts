/**
 * Ctrl-C, a stop from a service manager, and a reader that went away (`labwright … | head`). A command that has
 * started something holds them: the first asks it to finish, the second to hurry. Without a hold they end the process.
 */
export interface Hold {
  /** Aborted by the first. */
  readonly stop: AbortSignal;
  /** Aborted by the second. */
  readonly hurry: AbortSignal;
  release(): void;
}

export interface Interrupts {
  hold(onFirst?: (why: string) => void): Hold;
  /** Whether a command was asked to stop while it held them. */
  happened(): boolean;
}

/** `npm start` passes the terminal's Ctrl-C on although the process has had it already: two at once are one. */
const sameKeyPressMs = 400;

const lingerMs = 1_000;

export function createInterrupts(): Interrupts {
  let interrupt: ((why: string) => void) | null = null;
  let happened = false;

  const readerGone = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (interrupt === null) process.exit(0);
    interrupt('the reader of the output has gone');
  };
  process.stdout.on('error', readerGone);
  process.stderr.on('error', readerGone);

  return {
    happened: () => happened,
    hold(onFirst = () => {}) {
      const stop = new AbortController();
      const hurry = new AbortController();
      let firstAt = 0;
      const handle = (why: string) => {
        if (!stop.signal.aborted) {
          firstAt = performance.now();
          happened = true;
          stop.abort(new Error(why));
          onFirst(why);
        } else if (
          why !== 'the reader of the output has gone' &&
          performance.now() - firstAt > sameKeyPressMs
        ) {
          hurry.abort(new Error(why));
        }
      };
      interrupt = handle;
      const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
      for (const name of signals) process.on(name, handle);
      return {
        stop: stop.signal,
        hurry: hurry.signal,
        release() {
          interrupt = null;
          // All that was started has been closed by now; a library that still waits for a server which is gone
          // must not keep the process. Without such a one the process ends before this is due.
          setTimeout(() => process.exit(), lingerMs).unref();
          for (const name of signals) process.off(name, handle);
        },
      };
    },
  };
}
