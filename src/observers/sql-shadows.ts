/**
 * Operators and functions that a trainee put beside the database's own. `email = $1` over a varchar column takes an
 * `=(varchar, varchar)` of schema public before pg_catalog's `=(text, text)`, whatever the search path says: a check
 * that reads through it reads what the trainee wrote (measured; as CVE-2018-1058).
 */
import type pg from 'pg';
import { LookFailure } from './look.ts';

/**
 * Costs one round trip; both scans are skipped where the trainee may not create anything in public. Types are spelt out
 * so that every operator here is an exact one of pg_catalog, which comes first: the guard itself cannot be shadowed.
 */
const query = `
  select name from (
    select oprname as name from pg_operator
      join pg_roles on pg_roles.oid = oprowner
      where oprnamespace = 'public'::regnamespace::oid and not rolsuper
        and not exists (
          select from pg_depend
          where classid = 'pg_operator'::regclass::oid and objid = pg_operator.oid and deptype = 'e'::"char")
    union all
    select own.proname from pg_proc own
      join pg_roles on pg_roles.oid = own.proowner
      where own.pronamespace = 'public'::regnamespace::oid and not rolsuper
        and exists (
          select from pg_proc theirs
          where theirs.proname = own.proname and theirs.pronamespace = 'pg_catalog'::regnamespace::oid)
        and not exists (
          select from pg_depend
          where classid = 'pg_proc'::regclass::oid and objid = own.oid and deptype = 'e'::"char")
  ) shadows
  where pg_catalog.has_schema_privilege($1::name, 'public'::text, 'create'::text)
  limit 1`;

/** @throws LookFailure `rejected` when there are any; it names one. */
export async function refuseShadows(client: pg.Client, trainee: string): Promise<void> {
  const { rows } = await client.query<{ name: string }>({ text: query, values: [trainee] });
  const [found] = rows;
  if (found === undefined) return;
  const reason = `public.${found.name} stands in for the database's own ${found.name}; a check does not read through it.`;
  throw new LookFailure('rejected', reason, reason);
}
