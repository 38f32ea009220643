/**
 * Giving a copy of a lab's database to the roles of the copy. Whatever the origin's trainee made, of whatever kind,
 * bears the numbers of the origin's roles: as owner, in access lists, in policies, in default privileges. Each of them
 * is put in place of its counterpart. REASSIGN OWNED leaves everything but owners out, and DROP OWNED would take rights
 * from the origin too; so the numbers are changed in the copy's own catalogue, by the server's own list of the columns
 * that hold them.
 */
import type { LabRole } from '../naming.ts';
import { literal } from '../postgres/admin.ts';

const roles: readonly LabRole[] = ['t', 'c', 'a', 'g'];

/**
 * Run as superuser in the copy, on a connection of its own, in the transaction that makes its roles; `from` and `to`
 * give the roles' names.
 */
export function handOver(from: (role: LabRole) => string, to: (role: LabRole) => string): string {
  const names = (of: (role: LabRole) => string) =>
    `ARRAY[${roles.map((role) => literal(of(role))).join(', ')}]`;
  return `
    -- The copy may hold functions and operators of a trainee's: none of them is to be called here.
    SET search_path = pg_catalog, pg_temp;
    DO $do$
    DECLARE
      olds text[] := ${names(from)};
      news text[] := ${names(to)};
      -- Numbers, at the same places; a role that is not there has none.
      old_ids oid[] := ARRAY(SELECT r.oid FROM unnest(olds) WITH ORDINALITY o(name, place)
                             LEFT JOIN pg_roles r ON r.rolname = o.name ORDER BY place);
      new_ids oid[] := ARRAY(SELECT name::regrole::oid FROM unnest(news) WITH ORDINALITY n(name, place) ORDER BY place);
      mine oid := (SELECT oid FROM pg_database WHERE datname = current_database());
      c record;
    BEGIN
      -- What a trainee has set for themselves, such as a search path.
      UPDATE pg_db_role_setting n SET setconfig = o.setconfig FROM pg_db_role_setting o
      WHERE o.setdatabase = 0 AND n.setdatabase = 0
        AND n.setrole = new_ids[array_position(old_ids, o.setrole)];
      UPDATE pg_shdepend SET refobjid = new_ids[array_position(old_ids, refobjid)]
      WHERE refclassid = 'pg_authid'::regclass AND dbid = mine AND refobjid = ANY (old_ids);
      -- Every owner and every right is in that list: most copies end here, and are spared 7 ms.
      IF NOT FOUND THEN RETURN; END IF;
      FOR c IN SELECT fktable, fkcols[1] AS col, is_array FROM pg_get_catalog_foreign_keys()
               JOIN pg_class t ON t.oid = fktable
               WHERE pktable = 'pg_authid'::regclass AND NOT t.relisshared LOOP
        EXECUTE CASE WHEN c.is_array
          THEN format('UPDATE %1$s SET %2$I = ARRAY(
                         SELECT coalesce($2[array_position($1, id)], id) FROM unnest(%2$I) WITH ORDINALITY i(id, place)
                         ORDER BY place)
                       WHERE %2$I && $1', c.fktable, c.col)
          ELSE format('UPDATE %1$s SET %2$I = $2[array_position($1, %2$I)] WHERE %2$I = ANY ($1)', c.fktable, c.col) END
        USING old_ids, new_ids;
      END LOOP;
      -- An access list names roles as grantee=rights/grantor.
      FOR c IN SELECT a.attrelid::regclass AS tab, a.attname AS col FROM pg_attribute a
               JOIN pg_class t ON t.oid = a.attrelid
               WHERE a.atttypid = 'aclitem[]'::regtype AND t.relkind = 'r' AND NOT t.relisshared
                 AND t.relnamespace = 'pg_catalog'::regnamespace LOOP
        EXECUTE format(
          'UPDATE %1$s SET %2$I = (
             SELECT array_agg((coalesce($2[array_position($1, split_part(item::text, ''='', 1))], split_part(item::text, ''='', 1))
               || ''='' || split_part(split_part(item::text, ''='', 2), ''/'', 1) || ''/''
               || coalesce($2[array_position($1, split_part(item::text, ''/'', 2))], split_part(item::text, ''/'', 2))
             )::aclitem ORDER BY place)
             FROM unnest(%2$I) WITH ORDINALITY AS items(item, place))
           WHERE EXISTS (SELECT FROM unnest(%2$I) item
             WHERE split_part(item::text, ''='', 1) = ANY ($1) OR split_part(item::text, ''/'', 2) = ANY ($1))',
          c.tab, c.col)
        USING olds, news;
      END LOOP;
    END $do$;`;
}
