/** One line on standard error. Never a token, never a secret. */
export function log(message: string, error?: unknown): void {
  const why = error === undefined ? '' : `: ${error instanceof Error ? error.message : String(error)}`;
  console.error(`${new Date().toISOString()} ${message}${why}`);
}
