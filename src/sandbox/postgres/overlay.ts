/**
 * What a database holds of its lab's own parameters: SQL files that are applied once, as the unprivileged owner of
 * everything, in one transaction with the mark that says so.
 */
import type pg from 'pg';
import { LabError } from '../../lab/errors.ts';
import type { PostgresComponent } from '../../templates/types.ts';
import type { Piece } from '../part.ts';
import { literal, quote } from './admin.ts';
import { overlayMark } from './lab-roles.ts';
import { readSqlFile, runSqlFile, withClient } from './seed.ts';
import { fillVariables } from './sql-variables.ts';
import { clientFor, type Target } from './target.ts';

/**
 * Nothing when it was applied before. Throws LabError `seed_failed` that names file and line.
 * @param target the lab's database, as the grader: a file that leaves the owner's role has no more rights than that.
 */
export async function applyOverlay(
  target: Target,
  owner: string,
  { plan, spec }: Piece<PostgresComponent>,
  signal: AbortSignal,
): Promise<void> {
  const params = plan.params ?? {};
  const files = spec.overlay.map((file) => ({
    file,
    sql: fillVariables(file, readSqlFile(plan.version, file), params),
  }));
  await withClient(target, signal, async (client) => {
    // A second one that waited sees the first one's mark.
    await client.query(`BEGIN; SELECT pg_advisory_xact_lock(hashtext('labwright overlay'))`);
    const { rows } = await client.query<{ database: string; applied: boolean; transaction: string }>(
      `SELECT datname AS database, pg_current_xact_id()::text AS transaction,
         coalesce(shobj_description(oid, 'pg_database') = ${literal(overlayMark)}, false) AS applied
       FROM pg_database WHERE datname = current_database()`,
    );
    const [before] = rows;
    if (before === undefined || before.applied) return;
    for (const { file, sql } of files) {
      await client.query(`SET LOCAL ROLE ${quote(owner)}`);
      await runSqlFile(client, file, sql);
      if ((await currentTransaction(client)) !== before.transaction) {
        throw new LabError('seed_failed', `${file}: it must not end the transaction that it runs in.`);
      }
    }
    await client.query(
      `RESET ROLE; COMMENT ON DATABASE ${quote(before.database)} IS ${literal(overlayMark)}; COMMIT`,
    );
  });
}

/** Asked as somebody of the lab; `unknown` when the server does not let them in. */
export async function hasOverlay(target: Target): Promise<boolean | 'unknown'> {
  const client = clientFor(target, { connectionTimeoutMillis: 2_000, query_timeout: 2_000 });
  try {
    await client.connect();
    const { rows } = await client.query<{ applied: boolean }>(
      `SELECT coalesce(pg_catalog.shobj_description(oid, 'pg_database') OPERATOR(pg_catalog.=) ${literal(overlayMark)}, false)
         AS applied
       FROM pg_catalog.pg_database WHERE datname OPERATOR(pg_catalog.=) pg_catalog.current_database()`,
    );
    return rows[0]?.applied ?? 'unknown';
  } catch {
    return 'unknown';
  } finally {
    await client.end().catch(() => {});
  }
}

async function currentTransaction(client: pg.Client): Promise<string | undefined> {
  const { rows } = await client.query<{ id: string }>('SELECT pg_current_xact_id()::text AS id');
  return rows[0]?.id;
}
