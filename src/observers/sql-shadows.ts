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
  select oprname as name, 'shadow' as how from pg_operator
  where oprnamespace = 'public'::regnamespace::oid and oprowner = pg_catalog.to_regrole($1::text)::oid
  union all
  select own.proname, 'shadow' from pg_proc own
  where own.pronamespace = 'public'::regnamespace::oid and own.proowner = pg_catalog.to_regrole($1::text)::oid
    and exists (
      select from pg_proc theirs
      where theirs.proname = own.proname and theirs.pronamespace = 'pg_catalog'::regnamespace::oid)`;

/**
 * What answers in the place of a table's own data, beside views: casts, which belong to nobody; functions of a row,
 * which are read as `t.column`; collations with rules, in which one word may equal another (all measured).
 */
const impostors = `
  select format_type(c.castsource, null::int4) as name, 'cast' as how from pg_cast c
  where c.oid >= 16384::oid and not exists (
    select from pg_depend d
    where d.classid = 'pg_cast'::regclass::oid and d.objid = c.oid and d.deptype = 'e'::"char")
  union all
  select own.proname, 'column' from pg_proc own join pg_type t on t.oid = own.proargtypes[0]
  where own.proowner = pg_catalog.to_regrole($1::text)::oid and own.pronamespace = 'public'::regnamespace::oid
    and (own.pronargs - own.pronargdefaults) <= 1::int2
    and (own.provariadic <> 0::oid or t.typtype in ('c'::"char", 'd'::"char", 'p'::"char"))
  union all
  select collname, 'collation' from pg_collation
  where collowner = pg_catalog.to_regrole($1::text)::oid and collicurules is not null`;

const stands: Readonly<Record<string, (name: string) => string>> = {
  shadow: (name) => `public.${name} stands in for the database's own ${name}`,
  column: (name) => `The function public.${name} can stand in for a column`,
  cast: (name) => `Values of ${name} are given by a cast that was made for them`,
  collation: (name) => `The collation public.${name} has rules of its own for what equals what`,
};

/**
 * One round trip where the trainee may create nothing in public, two where they may: the second one costs a fresh
 * connection about as much as a query of its own.
 * @param tablesOnly the read is to come from tables and nothing else: what else can answer for one is refused too.
 * @throws LookFailure `rejected` when there are any; it names one.
 */
export async function refuseShadows(client: pg.Client, trainee: string, tablesOnly: boolean): Promise<void> {
  const rights = await client.query<{ may: string }>({ text: mayCreate, values: [trainee] });
  if (rights.rows[0]?.may === '0') return;
  const { rows } = await client.query<{ name: string; how: string }>({
    text: `${tablesOnly ? `${shadows} union all ${impostors}` : shadows} limit 1`,
    values: [pg.escapeIdentifier(trainee)],
  });
  const [found] = rows;
  if (found === undefined) return;
  const { name, how } = found;
  const reason = `${stands[how]?.(name) ?? name}; a check does not read through it.`;
  throw new LookFailure('rejected', reason, reason);
}
