/**
 * Who may do what in a lab's database. The rights are given once, in the template database, to roles without login;
 * a clone then only needs its three own roles put into them, which is one round trip.
 */
import type { Naming } from '../naming.ts';
import { literal, quote } from './admin.ts';

/** Raised when the rights below change: template databases are made anew. */
export const privilegesVersion = 1;

/** Makes the roles that rights are given to. They belong to the installation and hold no data: they stay. */
export function createGroups(naming: Naming): string {
  const groups = (['owner', 'read_only', 'read_write', 'api'] as const).map((name) => naming.group(name));
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
 */
export function grantRights(naming: Naming, seeder: string): string {
  const [owner, readOnly, readWrite, api] = (['owner', 'read_only', 'read_write', 'api'] as const).map(
    (name) => quote(naming.group(name)),
  );
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
    END $do$;`;
}

export interface LabRoles {
  readonly database: string;
  readonly trainee: { readonly name: string; readonly verifier: string; readonly groups: readonly string[] };
  readonly checker: { readonly name: string; readonly verifier: string };
  readonly api: { readonly name: string; readonly verifier: string; readonly group: string };
}

/**
 * Run as superuser after the clone: the lab's roles, and the database opened to them and nobody else, in one
 * transaction. Until then the clone takes no connections at all, so it is never open to everyone.
 */
export function openToRoles({ database, trainee, checker, api }: LabRoles): string {
  const role = (name: string, verifier: string, limit: number) =>
    `CREATE ROLE ${quote(name)} LOGIN PASSWORD ${literal(verifier)} CONNECTION LIMIT ${limit};`;
  // Without SET a member has the group's rights, yet cannot act under its name.
  const member = (group: string, name: string) =>
    `GRANT ${quote(group)} TO ${quote(name)} WITH INHERIT TRUE, SET FALSE;`;
  return `
    ${role(trainee.name, trainee.verifier, 20)}
    ${role(checker.name, checker.verifier, 10)}
    ${role(api.name, api.verifier, 20)}
    ${trainee.groups.map((group) => member(group, trainee.name)).join('\n')}
    ${member(api.group, api.name)}
    -- Reads what the trainee makes too, and the trainee cannot take that away. (It can also read the catalogue's
    -- password verifiers, of which those of 192 random bits are of no use.)
    ${member('pg_read_all_data', checker.name)}
    ALTER ROLE ${quote(trainee.name)} SET temp_file_limit = '1GB';
    ALTER ROLE ${quote(checker.name)} SET statement_timeout = '15s';
    ALTER ROLE ${quote(checker.name)} SET default_transaction_read_only = on;
    REVOKE ALL ON DATABASE ${quote(database)} FROM PUBLIC;
    GRANT CONNECT, TEMPORARY ON DATABASE ${quote(database)} TO ${quote(trainee.name)};
    GRANT CONNECT ON DATABASE ${quote(database)} TO ${quote(checker.name)}, ${quote(api.name)};
    ALTER DATABASE ${quote(database)} ALLOW_CONNECTIONS true;`;
}
