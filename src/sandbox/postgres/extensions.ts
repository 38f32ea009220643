/** Extensions that a template may ask for: those that reach no file, program, server or other database. */
import type { Naming } from '../naming.ts';
import { quote } from './admin.ts';

const allowed: ReadonlySet<string> = new Set([
  'btree_gin',
  'btree_gist',
  'citext',
  'cube',
  'earthdistance',
  'fuzzystrmatch',
  'hstore',
  'intarray',
  'ltree',
  'pg_stat_statements',
  'pg_trgm',
  'pgcrypto',
  'pgstattuple',
  'tablefunc',
  'tsm_system_rows',
  'unaccent',
  'uuid-ossp',
]);

/** A sentence for each one that may not be used. */
export function refusedExtensions(extensions: readonly string[]): readonly string[] {
  const names = [...allowed].join(', ');
  return extensions
    .filter((name) => !allowed.has(name))
    .map((name) => `The extension "${name}" may not be used; there are ${names}.`);
}

/** Run as superuser in a new database, before it is seeded. Their objects stay the superuser's. */
export function createExtensions(naming: Naming, extensions: readonly string[]): string {
  const plain = extensions.filter((name) => name !== 'pg_stat_statements');
  const create = plain.map((name) => `CREATE EXTENSION IF NOT EXISTS ${quote(name)} SCHEMA public CASCADE;`);
  if (plain.includes('pgstattuple')) create.push(openFunctions(naming, 'pgstattuple'));
  return create.join('\n');
}

/** Its functions are closed because they read whole tables; in a lab's own database that is what it is for. */
function openFunctions(naming: Naming, extension: string): string {
  return `
    DO $do$ DECLARE f record; BEGIN
      FOR f IN SELECT d.objid::regprocedure AS name FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
               WHERE d.refclassid = 'pg_extension'::regclass AND d.classid = 'pg_proc'::regclass
                 AND d.deptype = 'e' AND e.extname = '${extension}' LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO ${quote(naming.group('read_only'))}, pg_read_all_data', f.name);
      END LOOP;
    END $do$;`;
}
