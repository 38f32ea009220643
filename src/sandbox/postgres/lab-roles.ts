/** A lab's own roles, which the rights of its database's groups are given to. */
import type { PostgresComponent } from '../../templates/types.ts';
import type { Naming } from '../naming.ts';
import { literal, quote } from './admin.ts';
import { statisticsSchema } from './statement-statistics.ts';

export interface NewRole {
  readonly name: string;
  readonly verifier: string;
}

export interface LabRoles {
  readonly trainee: NewRole;
  readonly checker: NewRole;
  readonly api: NewRole;
  readonly grader: NewRole;
}

/** What an overlay that was applied leaves: a comment on the database, made in the overlay's own transaction. */
export const overlayMark = 'labwright: overlay applied';

/**
 * Run as superuser after the clone: the lab's roles, and the database opened to them and nobody else, in one
 * transaction. Until then nobody else can connect to the clone, so it is never open to everyone; and that its access
 * list is set says from then on that it is whole.
 *
 * The fourth role makes this 2.7 ms where three took 2.5 (measured, medians).
 */
export function openToRoles(
  naming: Naming,
  database: string,
  spec: PostgresComponent,
  { trainee, checker, api, grader }: LabRoles,
  isOverlaid: boolean,
): string {
  const role = ({ name, verifier }: NewRole, limit: number, more = '') =>
    `CREATE ROLE ${quote(name)} LOGIN PASSWORD ${literal(verifier)} CONNECTION LIMIT ${limit} ${more};`;
  // Without SET a member has the group's rights, yet cannot act under its name.
  const member = (group: string, { name }: NewRole, set = false) =>
    `GRANT ${quote(group)} TO ${quote(name)} WITH INHERIT TRUE, SET ${set};`;
  // Last for those who make tables, which go to the first; first for the checker, whom nothing of theirs may mislead.
  const searchPaths = `
    ALTER ROLE ${quote(trainee.name)} SET search_path = "$user", public, ${statisticsSchema};
    ALTER ROLE ${quote(grader.name)} SET search_path = "$user", public, ${statisticsSchema};
    ALTER ROLE ${quote(checker.name)} SET search_path = ${statisticsSchema}, "$user", public;`;
  return `
    ${role(trainee, 20)}
    -- It sees the rows that a trainee's policies hide: a check would take them for gone.
    ${role(checker, 10, 'BYPASSRLS')}
    ${role(api, 20)}
    ${role(grader, 10)}
    ${traineeGroups(naming, spec)
      .map((group) => member(group, trainee))
      .join('\n')}
    ${member(naming.group('api'), api)}
    -- Reads what the trainee makes too, and the trainee cannot take that away. (It can also read the catalogue's
    -- password verifiers, of which those of 192 random bits are of no use.)
    ${member('pg_read_all_data', checker)}
    -- Changes what the template made and what the trainee made.
    ${member(naming.group('owner'), grader, true)}
    ${member(naming.group('read_write'), grader)}
    ${member(trainee.name, grader)}
    -- A view without end is as large for whoever reads it: it must not fill the disk that all labs share.
    ${[trainee, api, grader].map(({ name }) => `ALTER ROLE ${quote(name)} SET temp_file_limit = '1GB';`).join('\n')}
    ALTER ROLE ${quote(checker.name)} SET temp_file_limit = '64MB';
    ALTER ROLE ${quote(checker.name)} SET statement_timeout = '15s';
    ALTER ROLE ${quote(checker.name)} SET default_transaction_read_only = on;
    ${spec.statementStats === null ? '' : searchPaths}
    -- So that an overlay, which runs as the grader, can mark that it was applied.
    ALTER DATABASE ${quote(database)} OWNER TO ${quote(grader.name)};
    ${isOverlaid ? `COMMENT ON DATABASE ${quote(database)} IS ${literal(overlayMark)};` : ''}
    REVOKE ALL ON DATABASE ${quote(database)} FROM PUBLIC;
    GRANT CONNECT, TEMPORARY ON DATABASE ${quote(database)} TO ${quote(trainee.name)};
    GRANT CONNECT ON DATABASE ${quote(database)} TO ${quote(checker.name)}, ${quote(api.name)};
    ${openDatabase(database)}`;
}

export const openDatabase = (database: string): string =>
  `ALTER DATABASE ${quote(database)} ALLOW_CONNECTIONS true CONNECTION LIMIT -1;`;

function traineeGroups(naming: Naming, spec: PostgresComponent): readonly string[] {
  const groups = spec.grants.includes('maintain') ? [naming.group('maintain')] : [];
  if (spec.statementStats !== null) groups.push(naming.group('statistics'));
  switch (spec.traineeRole) {
    case 'read-only':
      return [...groups, naming.group('read_only')];
    case 'read-write':
      return [...groups, naming.group('read_write')];
    case 'schema-owner':
    case 'superuser-own-server':
      return [...groups, naming.group('read_write'), naming.group('owner')];
  }
}
