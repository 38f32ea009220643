/** What stands between the engine and a program that is run in a container, so that the program can be ended. */

interface Program {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /**
   * Gone to by the shell, never by the engine: a trainee may have made a link of it, and engines have followed such a
   * link out of the container (CVE-2024-21626).
   */
  readonly cwd: string;
}

/**
 * The engine can start a program and cannot end it. A shell starts it in a session of its own, says its own number in
 * the first line of stderr, and ends all that is left in the program's group when the program has ended, or when it is
 * told to (TERM). The program's words go past it unchanged; so does its exit code. A program that makes a session of its
 * own escapes, until the container ends.
 *
 * `&` makes a shell ignore INT and QUIT for the program, which `env` takes back. A shell would tell by what signal the
 * program ended, in the program's own stderr: it is closed before.
 */
const watched = `over=
trap 'over=1; [ -n "$child" ] && kill -KILL "-$child" "$child"' TERM
echo $$ >&2
cd "$0" || exit 126
setsid "$@" &
child=$!
exec 2>/dev/null
[ -n "$over" ] && kill -KILL "-$child" "$child"
wait "$child"
code=$?
kill -KILL "-$child"
exit $code`;

/** Only these variables, and the program's own name is looked for with them. */
export function watchedCommand({ argv, env, cwd }: Program): string[] {
  const clean = ['env', '-i', '--default-signal=INT,QUIT', ...variables(env), 'sh', '-c', 'exec "$@"', 'sh'];
  return ['/bin/sh', '-c', watched, cwd, ...clean, ...argv];
}

/** A shell on a terminal: its first line is its number. */
export function terminalCommand({ argv, env, cwd }: Program): string[] {
  const script = 'echo $$; cd "$0"; exec "$@"';
  return ['/bin/sh', '-c', script, cwd, 'env', '-i', ...variables(env), ...argv];
}

/** Ends what `watchedCommand` started. */
export const endCommand = (pid: number): string[] => ['/bin/sh', '-c', `kill -TERM ${pid}`];

/** Ends a shell on a terminal as closing the terminal would, and what does not care. */
export const hangUpCommand = (pid: number): string[] => [
  '/bin/sh',
  '-c',
  `kill -HUP ${pid} 2>/dev/null || exit 0; sleep 1; kill -KILL -${pid} ${pid} 2>/dev/null`,
];

const variables = (env: Readonly<Record<string, string>>): string[] =>
  Object.entries(env).map(([name, value]) => `${name}=${value}`);

/** Of Linux, whatever Labwright itself runs on; by number. */
const signals =
  ' HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'.split(
    ' ',
  );

/** The engine tells a signal as an exit code of 128 and more; a program that ends so by itself is taken for ended by it. */
export function endingOf(code: number | null): {
  readonly exitCode: number | null;
  readonly signal: string | null;
} {
  const signal = signals[(code ?? 0) - 128];
  return signal ? { exitCode: null, signal: `SIG${signal}` } : { exitCode: code, signal: null };
}
