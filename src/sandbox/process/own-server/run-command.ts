import { spawn } from 'node:child_process';
import { asUser, type OsUser } from '../../../embedded/os-user.ts';
import { LabError } from '../../../lab/errors.ts';

/**
 * Runs a program of the system to its end; gives the end of what it printed. Throws LabError `start_failed` with its last words; the signal's reason when
 * that is aborted: the program has been ended then.
 */
export function runCommand(
  program: string,
  args: readonly string[],
  user: OsUser | null,
  signal: AbortSignal,
  input = '',
  cwd = '/',
): Promise<string> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...asUser(user),
      cwd,
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    let printed = '';
    let said = '';
    const end = () => void child.kill('SIGKILL');
    signal.addEventListener('abort', end, { once: true });
    child.stdout.on('data', (chunk: Buffer) => {
      printed = `${printed}${chunk.toString()}`.slice(-4_000);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      said = `${said}${chunk.toString()}`.slice(-4_000);
    });
    const fail = (what: string, cause?: Error) =>
      reject(new LabError('start_failed', `${program} ${what}\n${said.trim()}`.trim(), { cause }));
    child.once('error', (cause) => fail('could not be run.', cause));
    child.once('close', (code, by) => {
      signal.removeEventListener('abort', end);
      if (signal.aborted) reject(signal.reason);
      else if (code === 0) resolve(printed);
      else fail(`ended with ${code ?? by}.`);
    });
    // It may end before it has read all.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}
