/** Filling a new database as its unprivileged owner: a template's SQL cannot read files or run programs of the server. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { asUser, type OsUser } from '../../embedded/os-user.ts';
import { LabError } from '../../lab/errors.ts';
import type { PostgresComponent, TemplateVersion } from '../../templates/types.ts';
import { openSocket } from './local-socket.ts';
import { lineAt, statementLines } from './sql-statements.ts';
import { clientFor, type Target } from './target.ts';

const run = promisify(execFile);

/** What makes the sample API's data. */
export interface Generator {
  readonly node: string;
  readonly sampleApi: {
    /** Folder with `seed/main.ts`. */
    readonly folder: string;
  };
  /** Who runs it; null: whoever runs Labwright. */
  readonly labUser: OsUser | null;
}

/** Throws LabError `seed_failed` that names the file and line when the template's own seed is at fault. */
export async function seedDatabase(
  target: Target,
  seed: PostgresComponent['seed'],
  version: TemplateVersion,
  generator: Generator,
  signal: AbortSignal,
): Promise<void> {
  if ('generator' in seed) await generate(target, seed, generator, signal);
  else await runFiles(target, seed.files, version, signal);
}

async function generate(
  target: Target,
  seed: Extract<PostgresComponent['seed'], { generator: string }>,
  { node, sampleApi, labUser }: Generator,
  signal: AbortSignal,
): Promise<void> {
  const main = join(sampleApi.folder, 'seed', 'main.ts');
  const socket = target.dial === null ? null : await openSocket(target.url, target.dial);
  try {
    await run(node, [main, '--scale', seed.scale, '--seed', String(seed.number)], {
      ...asUser(labUser),
      cwd: '/',
      env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', DATABASE_URL: socket?.url ?? target.url },
      signal,
    });
  } catch (cause) {
    signal.throwIfAborted();
    const said = ((cause as { stderr?: string }).stderr ?? '').trim().slice(-2_000);
    throw new LabError('provision_failed', `The sample data could not be generated: ${said}`, { cause });
  } finally {
    await socket?.close();
  }
}

async function runFiles(
  target: Target,
  files: readonly string[],
  version: TemplateVersion,
  signal: AbortSignal,
): Promise<void> {
  await withClient(target, signal, async (client) => {
    for (const file of files) await runSqlFile(client, file, readSqlFile(version, file));
  });
}

/** Throws LabError `seed_failed` where the template has no such file. */
export function readSqlFile(version: TemplateVersion, file: string): string {
  const content = version.files.get(file);
  if (content === undefined) throw new LabError('seed_failed', `${file}: the template has no such file`);
  return new TextDecoder().decode(content);
}

/** A connection of one's own, cut when the caller gives up. */
export async function withClient(
  target: Target,
  signal: AbortSignal,
  work: (client: pg.Client) => Promise<void>,
): Promise<void> {
  const client = clientFor(target);
  signal.throwIfAborted();
  const stop = () => client.connection.stream.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await client.connect();
    await work(client);
  } catch (thrown) {
    signal.throwIfAborted();
    throw thrown;
  } finally {
    signal.removeEventListener('abort', stop);
    await client.end().catch(() => {});
  }
}

/** In one go: the whole file is one message to the server and one transaction. Throws LabError `seed_failed`. */
export async function runSqlFile(client: pg.Client, file: string, sql: string): Promise<void> {
  let completed = 0;
  const count = () => {
    completed += 1;
  };
  client.connection.on('commandComplete', count);
  try {
    await client.query(sql);
  } catch (thrown) {
    if (!(thrown instanceof pg.DatabaseError)) throw thrown;
    // PostgreSQL gives a place for what it cannot parse or find; for a failed row only the statement is known.
    const position = thrown.position === undefined ? null : Number(thrown.position);
    const line = position === null ? (statementLines(sql)[completed] ?? 1) : lineAt(sql, position - 1);
    const hint = thrown.detail === undefined ? '' : ` (${thrown.detail})`;
    throw new LabError('seed_failed', `${file}:${line}: ${thrown.message}${hint}`, {
      cause: thrown,
      extra: { file, line },
    });
  } finally {
    client.connection.removeListener('commandComplete', count);
  }
}
