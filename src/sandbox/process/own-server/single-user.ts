/**
 * SQL on a server that does not run: PostgreSQL in single-user mode knows no passwords, no access rules and no event
 * triggers, so nothing that a trainee has changed keeps it from being done. Also recovers what was copied in full run.
 */
import { join } from 'node:path';
import type { OsUser } from '../../../embedded/os-user.ts';
import { runCommand } from './run-command.ts';

/** In one transaction. Throws LabError `start_failed` with the server's own words. */
export async function runSingleUser(
  binaries: string,
  data: string,
  user: OsUser | null,
  sql: string,
  signal: AbortSignal,
): Promise<void> {
  const args = ['--single', '-j', '-D', data];
  const settings = {
    exit_on_error: 'on',
    fsync: 'off',
    dynamic_shared_memory_type: 'mmap',
    search_path: 'pg_catalog',
  };
  for (const [name, value] of Object.entries(settings)) args.push('-c', `${name}=${value}`);
  // An empty line ends what is sent as one.
  const one = sql.replace(/\n\s*\n/g, '\n').trim();
  await runCommand(join(binaries, 'bin', 'postgres'), [...args, 'template1'], user, signal, `${one}\n\n`);
}
