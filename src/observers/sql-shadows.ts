/**
 * Operators and functions that a trainee put beside the database's own. `email = $1` over a varchar column takes an
 * `=(varchar, varchar)` of schema public before pg_catalog's `=(text, text)`, whatever the search path says: a check
 * that reads through it reads what the trainee wrote (measured; as CVE-2018-1058).
 */
import pg from 'pg';
import { LookFailure } from './look.ts';

// Types are spelt out so that every function and operator here is an exact one of pg_catalog, which comes first in the
// search path: the guard itself cannot be shadowed.
const mayCreate = `select pg_catalog.has_schema_privilege($1::name, 'public'::text, 'create'::text)::int4 as may`;

const shadows = `
  select oprname as name from pg_operator
  where oprnamespace = 'public'::regnamespace::oid and oprowner = pg_catalog.to_regrole($1::text)::oid
  union all
  select own.proname from pg_proc own
  where own.pronamespace = 'public'::regnamespace::oid and own.proowner = pg_catalog.to_regrole($1::text)::oid
    and exists (
      select from pg_proc theirs
      where theirs.proname = own.proname and theirs.pronamespace = 'pg_catalog'::regnamespace::oid)
  limit 1`;

/**
 * One round trip where the trainee may create nothing in public, two where they may: the second one costs a fresh
 * connection about as much as a query of its own.
 * @throws LookFailure `rejected` when there are any; it names one.
 */
export async function refuseShadows(client: pg.Client, trainee: string): Promise<void> {
  const rights = await client.query<{ may: string }>({ text: mayCreate, values: [trainee] });
  if (rights.rows[0]?.may === '0') return;
  const { rows } = await client.query<{ name: string }>({
    text: shadows,
    values: [pg.escapeIdentifier(trainee)],
  });
  const [found] = rows;
  if (found === undefined) return;
  const reason = `public.${found.name} stands in for the database's own ${found.name}; a check does not read through it.`;
  throw new LookFailure('rejected', reason, reason);
}
