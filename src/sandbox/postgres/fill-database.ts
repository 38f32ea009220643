/** Filling a new database from its template: extensions, seed, and the rights of everybody who will work in it. */
import { createHash } from 'node:crypto';
import { LabError } from '../../lab/errors.ts';
import type { PostgresComponent, TemplateVersion } from '../../templates/types.ts';
import type { Naming } from '../naming.ts';
import { type Admin, quote } from './admin.ts';
import { createExtensions, refusedExtensions } from './extensions.ts';
import { createGroups, grantRights } from './privileges.ts';
import { scramVerifier } from './scram.ts';
import { type Generator, seedDatabase } from './seed.ts';
import { createStatisticsView, hasStatistics, isNotCollected } from './statement-statistics.ts';
import type { Target } from './target.ts';

/**
 * Makes the database and, of the same name, the unprivileged role that seeds it; that role owns nothing afterwards, and
 * the caller drops it. Throws LabError `seed_failed` that names file and line.
 */
export async function fillDatabase(
  admin: Admin,
  naming: Naming,
  draft: string,
  { version, component }: { readonly version: TemplateVersion; readonly component: PostgresComponent },
  generator: Generator,
  signal: AbortSignal,
): Promise<void> {
  const [refused] = refusedExtensions(component.extensions);
  if (refused !== undefined) throw new LabError('seed_failed', refused);
  const seeder = await createDraft(admin, naming, draft);
  const extensions = createExtensions(naming, component.extensions);
  if (extensions !== '') await admin.connected(draft, (client) => client.query(extensions));
  await seedDatabase(seeder, component.seed, version, generator, signal);
  await admin.connected(draft, async (client) => {
    await client.query(grantRights(naming, draft));
    if (hasStatistics(component)) await client.query(createStatisticsView(naming)).catch(explain);
    // Frozen: the first reader of a clone does not have to mark every row as committed.
    await client.query('VACUUM (FREEZE, ANALYZE)');
  });
}

async function createDraft(admin: Admin, naming: Naming, draft: string): Promise<Target> {
  const password = createHash('sha256').update(crypto.randomUUID()).digest('hex');
  await admin.query(
    `${createGroups(naming)}
     CREATE ROLE ${quote(draft)} LOGIN PASSWORD '${await scramVerifier(password, 1)}';`,
  );
  await admin.query(`CREATE DATABASE ${quote(draft)} OWNER ${quote(draft)} TEMPLATE template0`);
  await admin.query(`REVOKE ALL ON DATABASE ${quote(draft)} FROM PUBLIC`);
  return admin.target(draft, { user: draft, password });
}

function explain(thrown: unknown): never {
  if (!isNotCollected(thrown)) throw thrown;
  throw new LabError(
    'backend_unavailable',
    "The labs' PostgreSQL collects no statement statistics: start it with shared_preload_libraries = 'pg_stat_statements'.",
    { cause: thrown },
  );
}
