/** The life of a program that runs for a lab, alone: it ends when it is told to, or with who started it. */
import { watchParent } from './parent.ts';
import { ConfigError } from './variables.ts';

const closeWithinMs = 1_800;

/** Ends with 2 and what is wrong for a bad environment or file, with 1 for anything else that `main` throws. */
export function runProgram(main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    const known = error instanceof ConfigError || (error instanceof Error && 'code' in error);
    const text =
      error instanceof Error ? (known ? error.message : (error.stack ?? error.message)) : String(error);
    process.stderr.write(`${text}\n`);
    process.exit(error instanceof ConfigError ? 2 : 1);
  });
}

/**
 * On SIGTERM and SIGINT, and with the parent where that was asked for: aborts `stop`, and ends with 0 once `close` has,
 * with 1 when that fails or takes too long.
 */
export function closeWhenTold(
  stop: AbortController,
  withParent: boolean,
  close: () => Promise<unknown>,
): void {
  const end = () => {
    if (stop.signal.aborted) return;
    stop.abort();
    setTimeout(() => process.exit(1), closeWithinMs).unref();
    close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', end).on('SIGINT', end);
  if (withParent) watchParent(end);
}
