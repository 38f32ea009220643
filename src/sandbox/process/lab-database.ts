/** Labs' own databases: whether one is there, whole, open and overlaid; what is wanting is made. */
import type { Credentials } from '../../lab/ports.ts';
import type { PostgresComponent } from '../../templates/types.ts';
import type { LabRole, Naming, ResourceRef } from '../naming.ts';
import { componentPart, sandboxPart } from '../naming.ts';
import type { Piece } from '../part.ts';
import { type Admin, literal, quote, sqlState } from '../postgres/admin.ts';
import { openDatabase, overlayMark } from '../postgres/lab-roles.ts';
import { applyOverlay } from '../postgres/overlay.ts';
import type { DeriveSecret } from '../secrets.ts';
import { createMaker } from './make-database.ts';
import type { TemplateDatabases } from './template-database.ts';

export interface LabDatabases {
  /** Throws LabError `seed_failed` when the overlay is at fault, `start_failed` when the origin is not there. */
  ensure(piece: Piece<PostgresComponent>, signal: AbortSignal): Promise<void>;
  /** Databases of a sandbox, half-made ones too. */
  find(sandboxId: string): Promise<readonly FoundDatabase[]>;
  credentials(ref: ResourceRef, role: LabRole): Credentials;
  /** Removes databases and roles of a sandbox; of one component below `generation` when it is given. */
  remove(sandboxId: string, only?: { readonly component: string; readonly below: number }): Promise<void>;
  /** Sandbox parts of all names of this installation on the server. */
  sandboxParts(): Promise<ReadonlySet<string>>;
}

export interface FoundDatabase {
  readonly name: string;
  readonly componentPart: string;
  readonly generation: number;
  /** False: cloned, and not yet given its roles. Such a one holds nobody's work. */
  readonly whole: boolean;
  /** False: nobody of the lab can connect. */
  readonly open: boolean;
  /** The overlay was applied, here or where it was cloned from. */
  readonly overlaid: boolean;
}

/** Whether the lab's parameters are known and the database has yet to be given what depends on them. */
export function lacksOverlay({ plan, spec }: Piece<PostgresComponent>, found: FoundDatabase): boolean {
  return plan.params !== null && spec.overlay.length > 0 && !found.overlaid;
}

export function createLabDatabases(
  admin: Admin,
  naming: Naming,
  secrets: DeriveSecret,
  templates: TemplateDatabases,
): LabDatabases {
  const credentials = (ref: ResourceRef, role: LabRole): Credentials => ({
    user: naming.role(ref, role),
    password: secrets(ref, `postgres:${role}`),
  });

  const make = createMaker(admin, naming, templates, credentials, find);
  const likeSandbox = (sandboxId: string) => `${naming.sandboxPrefix(sandboxId).replaceAll('_', '\\_')}%`;

  async function find(sandboxId: string): Promise<readonly FoundDatabase[]> {
    // A clone's access list is empty until its roles are given their rights.
    const rows = await admin.query<Pick<FoundDatabase, 'name' | 'whole' | 'open' | 'overlaid'>>(
      `SELECT datname AS name, datacl IS NOT NULL AS whole,
         datacl IS NOT NULL AND datallowconn AND datconnlimit <> 0 AS open,
         coalesce(shobj_description(oid, 'pg_database') = $2, false) AS overlaid
       FROM pg_database WHERE datname LIKE $1`,
      [likeSandbox(sandboxId), overlayMark],
    );
    return rows.flatMap((row) => {
      const parsed = naming.parse(row.name);
      return parsed?.sandboxPart === sandboxPart(sandboxId) ? [{ ...row, ...parsed }] : [];
    });
  }

  async function findRoles(sandboxId: string) {
    const rows = await admin.query<{ name: string }>(
      'SELECT rolname AS name FROM pg_roles WHERE rolname LIKE $1',
      [likeSandbox(sandboxId)],
    );
    return rows.flatMap(({ name }) => {
      const parsed = naming.parse(name);
      return parsed?.sandboxPart === sandboxPart(sandboxId) ? [{ name, ...parsed }] : [];
    });
  }

  async function dropRoles(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    const drop = `DROP ROLE IF EXISTS ${names.map(quote).join(', ')}`;
    try {
      await admin.query(drop);
    } catch (thrown) {
      if (sqlState(thrown) !== '2BP01') throw thrown;
      // A trainee elsewhere may give rights on their own tables to this lab's roles: take those back first.
      const holders = await admin.query<{ database: string; role: string }>(
        `SELECT DISTINCT d.datname AS database, r.rolname AS role
         FROM pg_shdepend s JOIN pg_database d ON d.oid = s.dbid JOIN pg_roles r ON r.oid = s.refobjid
         WHERE s.refclassid = 'pg_authid'::regclass AND r.rolname IN (${names.map(literal).join(', ')})`,
      );
      for (const { database, role } of holders) {
        await admin.connected(database, (client) => client.query(`DROP OWNED BY ${quote(role)}`));
      }
      await admin.query(drop);
    }
  }

  return {
    find,
    credentials,
    async ensure(piece, signal) {
      const { ref } = piece;
      const name = naming.database(ref);
      const mine = componentPart(ref.component);
      const found = (await find(ref.sandboxId)).filter((database) => database.componentPart === mine);
      // A stale caller with an older plan changes nothing.
      if (found.some(({ generation }) => generation > ref.generation)) return;
      let present = found.find(({ generation }) => generation === ref.generation);
      if (present?.whole !== true) {
        if (present !== undefined) await admin.query(`DROP DATABASE IF EXISTS ${quote(name)} WITH (FORCE)`);
        await make(piece, signal);
        present = (await find(ref.sandboxId)).find((database) => database.name === name);
      } else if (!present.open) {
        // Whoever closed it, it is whole and holds the trainee's work.
        await admin.query(openDatabase(name));
      }
      if (present !== undefined && lacksOverlay(piece, present)) {
        const grader = admin.target(name, credentials(ref, 'g'));
        await applyOverlay(grader, naming.group('owner'), piece, signal);
      }
      if (found.some(({ generation }) => generation < ref.generation)) {
        await this.remove(ref.sandboxId, { component: ref.component, below: ref.generation });
      }
    },
    async remove(sandboxId, only) {
      const doomed = ({ componentPart: part, generation }: { componentPart: string; generation: number }) =>
        only === undefined || (part === componentPart(only.component) && generation < only.below);
      for (const { name } of (await find(sandboxId)).filter(doomed)) {
        await admin.query(`DROP DATABASE IF EXISTS ${quote(name)} WITH (FORCE)`);
      }
      await dropRoles((await findRoles(sandboxId)).filter(doomed).map(({ name }) => name));
    },
    async sandboxParts() {
      const rows = await admin.query<{ name: string }>(
        `SELECT datname AS name FROM pg_database WHERE datname LIKE $1
         UNION ALL SELECT rolname FROM pg_roles WHERE rolname LIKE $1`,
        [`${naming.prefix.replaceAll('_', '\\_')}s\\_%`],
      );
      return new Set(rows.flatMap(({ name }) => naming.parse(name)?.sandboxPart ?? []));
    },
  };
}
