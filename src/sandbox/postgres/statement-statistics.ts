/**
 * pg_stat_statements of one database only. The extension shows every reader the counters of all databases, and whoever
 * holds `pg_read_all_stats` all their texts; so it lies in a schema that is closed to all, and a view beside it gives
 * what the trainee's and the API's roles sent to this database. What the grader and the checks send stays hidden.
 */
import { LabError } from '../../lab/errors.ts';
import type { PostgresComponent } from '../../templates/types.ts';
import type { Naming } from '../naming.ts';
import { type Admin, quote, sqlState } from './admin.ts';

/** Holds the view `pg_stat_statements`. */
export const statisticsSchema = 'lab_statistics';
/** Holds the extension itself, with everybody's statements. */
export const closedSchema = 'lab_statistics_of_all';

export const hasStatistics = ({ statementStats, extensions }: PostgresComponent): boolean =>
  statementStats !== null || extensions.includes('pg_stat_statements');

/** Run as superuser in a template database, after its rights were given: they stop at these schemas. */
export function createStatisticsView(naming: Naming): string {
  return `
    CREATE SCHEMA ${closedSchema};
    CREATE EXTENSION pg_stat_statements SCHEMA ${closedSchema};
    -- pg_read_all_data, which the checker has, opens schemas and views but not functions.
    REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ${closedSchema} FROM PUBLIC;
    REVOKE ALL ON ALL TABLES IN SCHEMA ${closedSchema} FROM PUBLIC;
    CREATE SCHEMA ${statisticsSchema};
    CREATE FUNCTION ${statisticsSchema}.own_statements() RETURNS SETOF ${closedSchema}.pg_stat_statements
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      SELECT s.* FROM ${closedSchema}.pg_stat_statements s
      JOIN pg_catalog.pg_roles r ON r.oid = s.userid
      JOIN pg_catalog.pg_database d ON d.oid = s.dbid
      WHERE d.datname = pg_catalog.current_database() AND r.rolname IN (d.datname || '_t', d.datname || '_a')
    $$;
    CREATE VIEW ${statisticsSchema}.pg_stat_statements AS SELECT * FROM ${statisticsSchema}.own_statements();
    GRANT USAGE ON SCHEMA ${statisticsSchema} TO ${quote(naming.group('statistics'))};
    GRANT SELECT ON ${statisticsSchema}.pg_stat_statements TO ${quote(naming.group('statistics'))};
    -- Fails where the server does not collect them.
    SELECT count(*) FROM ${closedSchema}.pg_stat_statements;`;
}

/** Whether this is what the server says when the library was not loaded at its start. */
export function isNotCollected(thrown: unknown): boolean {
  return sqlState(thrown) === '55000' && String(thrown).includes('shared_preload_libraries');
}

/** Forgets what was collected of this database. Throws LabError `bad_request` where nothing is. */
export async function resetStatistics(
  admin: Admin,
  database: string,
  component: string,
  spec: PostgresComponent,
): Promise<void> {
  if (!hasStatistics(spec)) {
    throw new LabError('bad_request', `Component "${component}" has no statement statistics.`);
  }
  // The whole server's would be forgotten without the database's number.
  const reset = `SELECT ${closedSchema}.pg_stat_statements_reset(0, d.oid, 0)
    FROM pg_catalog.pg_database d WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()`;
  await admin.connected(database, (client) => client.query(reset));
}
