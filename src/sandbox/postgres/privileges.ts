/**
 * Who may do what in a lab's database. The rights are given once, in the template database, to roles without login;
 * a clone then only needs its own roles put into them (`lab-roles.ts`), which is one round trip.
 */
import { groupNames, type Naming } from '../naming.ts';
import { quote } from './admin.ts';

/** Raised when the rights below change: template databases are made anew. */
export const privilegesVersion = 2;

/** Makes the roles that rights are given to. They belong to the installation and hold no data: they stay. */
export function createGroups(naming: Naming): string {
  const groups = groupNames.map((name) => naming.group(name));
  const one = (name: string) => `
    BEGIN CREATE ROLE ${quote(name)} NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END;`;
  return `
    -- Two that start at once would change the same rows.
    SELECT pg_advisory_xact_lock(hashtext('labwright groups'));
    DO $do$ BEGIN ${groups.map(one).join('')} END $do$;
    GRANT ${quote(naming.group('read_only'))} TO ${quote(naming.group('read_write'))};
    -- What lab roles may connect to is said database by database.
    REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;`;
}

/**
 * Run as superuser in a seeded database: everything but `observability` goes to the owner group, and every group gets
 * its rights. `observability` is what the platform records about the trainee: nobody but the sample API writes there.
 *
 * MAINTAIN is given table by table: the predefined role `pg_maintain` may lock the catalogues that all labs share.
 */
export function grantRights(naming: Naming, seeder: string): string {
  const group = (name: (typeof groupNames)[number]) => quote(naming.group(name));
  const [owner, readOnly, readWrite, api] = [
    group('owner'),
    group('read_only'),
    group('read_write'),
    group('api'),
  ];
  const maintain = group('maintain');
  return `
    REASSIGN OWNED BY ${quote(seeder)} TO ${owner};
    DROP OWNED BY ${quote(seeder)};
    DO $do$
    DECLARE
      s record;
      o record;
    BEGIN
      EXECUTE format('ALTER DATABASE %I OWNER TO %I', current_database(), session_user);
      ALTER SCHEMA public OWNER TO ${owner};
      FOR s IN SELECT nspname AS name FROM pg_namespace
               WHERE nspname NOT LIKE 'pg\\_%' AND nspname NOT IN ('information_schema', 'observability') LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO ${readOnly}, ${api}', s.name);
        EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO ${readOnly}', s.name);
        EXECUTE format('GRANT SELECT ON ALL SEQUENCES IN SCHEMA %I TO ${readOnly}', s.name);
        EXECUTE format('GRANT INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA %I TO ${readWrite}', s.name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO ${api}', s.name);
        EXECUTE format('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA %I TO ${readWrite}, ${api}', s.name);
        EXECUTE format('GRANT MAINTAIN ON ALL TABLES IN SCHEMA %I TO ${maintain}', s.name);
      END LOOP;
      IF to_regnamespace('observability') IS NOT NULL THEN
        EXECUTE format('ALTER SCHEMA observability OWNER TO %I', session_user);
        FOR o IN SELECT c.oid::regclass AS name, c.relkind FROM pg_class c
                 WHERE c.relnamespace = to_regnamespace('observability') AND c.relkind IN ('r', 'p', 'v', 'm')
                 UNION ALL
                 -- A sequence that belongs to a column follows its table.
                 SELECT c.oid::regclass, c.relkind FROM pg_class c
                 WHERE c.relnamespace = to_regnamespace('observability') AND c.relkind = 'S'
                   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('a', 'i')
                                   AND d.classid = 'pg_class'::regclass) LOOP
          EXECUTE format('ALTER %s %s OWNER TO %I',
            CASE o.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
            o.name, session_user);
        END LOOP;
        GRANT USAGE ON SCHEMA observability TO ${readOnly}, ${api};
        GRANT SELECT ON ALL TABLES IN SCHEMA observability TO ${readOnly};
        GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA observability TO ${api};
        GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA observability TO ${api};
      END IF;
    END $do$;
    -- What an overlay makes later, as the owner.
    ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} GRANT SELECT ON TABLES TO ${readOnly};
    ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} GRANT SELECT ON SEQUENCES TO ${readOnly};
    ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} GRANT INSERT, UPDATE, DELETE, TRUNCATE ON TABLES TO ${readWrite};
    ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${api};
    ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} GRANT USAGE, SELECT ON SEQUENCES TO ${readWrite}, ${api};
    ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} GRANT MAINTAIN ON TABLES TO ${maintain};`;
}
