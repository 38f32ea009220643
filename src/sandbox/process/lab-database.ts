/** A lab's own database: a clone of its template database, with three roles of its own. */
import pLimit from 'p-limit';
import type { Credentials } from '../../lab/ports.ts';
import type { PostgresComponent, TemplateVersion } from '../../templates/types.ts';
import type { LabRole, Naming, ResourceRef } from '../naming.ts';
import { componentPart, sandboxPart } from '../naming.ts';
import type { DeriveSecret } from '../secrets.ts';
import { type Admin, literal, quote, sqlState } from './admin.ts';
import { openToRoles } from './privileges.ts';
import { scramVerifier } from './scram.ts';
import type { TemplateDatabases } from './template-database.ts';

export interface LabDatabases {
  ensure(
    ref: ResourceRef,
    version: TemplateVersion,
    spec: PostgresComponent,
    signal: AbortSignal,
  ): Promise<void>;
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
  /** False: cloned, and not yet given its roles. */
  readonly open: boolean;
}

export function createLabDatabases(
  admin: Admin,
  naming: Naming,
  secrets: DeriveSecret,
  templates: TemplateDatabases,
): LabDatabases {
  // The server does much of it one at a time: with two to four at once all finish soonest (measured, either strategy).
  const cloning = pLimit(3);
  let strategy: Promise<'FILE_COPY' | 'WAL_LOG'> | null = null;

  /**
   * FILE_COPY begins and ends with a checkpoint. With fsync off (our own cluster) that costs nothing, and eight clones
   * of 10 MB take 100 ms instead of 264, of 207 MB 1.0 s instead of 1.4. With fsync on all others would feel it, and
   * WAL_LOG takes half the time.
   */
  function chooseStrategy(): Promise<'FILE_COPY' | 'WAL_LOG'> {
    strategy ??= admin.query<{ fsync: string }>('SHOW fsync').then(
      ([row]) => (row?.fsync === 'off' ? 'FILE_COPY' : 'WAL_LOG'),
      (thrown: unknown) => {
        strategy = null;
        throw thrown;
      },
    );
    return strategy;
  }

  const credentials = (ref: ResourceRef, role: LabRole): Credentials => ({
    user: naming.role(ref, role),
    password: secrets(ref, `postgres:${role}`),
  });

  async function clone(name: string, version: TemplateVersion, spec: PostgresComponent, signal: AbortSignal) {
    const template = templates.nameOf(version, spec);
    for (let attempt = 1; ; attempt += 1) {
      await templates.prepare(version, signal);
      signal.throwIfAborted();
      try {
        const how = `STRATEGY ${await chooseStrategy()} ALLOW_CONNECTIONS false`;
        await admin.query(`CREATE DATABASE ${quote(name)} TEMPLATE ${quote(template)} ${how}`);
        templates.used(template);
        return;
      } catch (thrown) {
        if (sqlState(thrown) === '42P04') return;
        // Someone dropped the template database behind us.
        if (sqlState(thrown) !== '3D000' || attempt === 2) throw thrown;
        templates.forget(template);
      }
    }
  }

  function groupsOf({ traineeRole }: PostgresComponent): readonly string[] {
    switch (traineeRole) {
      case 'read-only':
        return [naming.group('read_only')];
      case 'read-write':
        return [naming.group('read_write')];
      case 'schema-owner':
        return [naming.group('read_write'), naming.group('owner')];
    }
  }

  const likeSandbox = (sandboxId: string) => `${naming.sandboxPrefix(sandboxId).replaceAll('_', '\\_')}%`;

  async function find(sandboxId: string): Promise<readonly FoundDatabase[]> {
    const rows = await admin.query<{ name: string; open: boolean }>(
      'SELECT datname AS name, datallowconn AS open FROM pg_database WHERE datname LIKE $1',
      [likeSandbox(sandboxId)],
    );
    return rows.flatMap(({ name, open }) => {
      const parsed = naming.parse(name);
      return parsed?.sandboxPart === sandboxPart(sandboxId) ? [{ name, open, ...parsed }] : [];
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
    async ensure(ref, version, spec, signal) {
      const name = naming.database(ref);
      const mine = componentPart(ref.component);
      const found = (await find(ref.sandboxId)).filter((database) => database.componentPart === mine);
      // A stale caller with an older plan changes nothing.
      if (found.some(({ generation }) => generation > ref.generation)) return;
      const present = found.find(({ generation }) => generation === ref.generation);
      if (present?.open !== true) {
        if (present !== undefined) await admin.query(`DROP DATABASE IF EXISTS ${quote(name)} WITH (FORCE)`);
        const verifier = async (role: LabRole) => {
          const { user, password } = credentials(ref, role);
          // Only the trainee comes with tools of their own.
          return { name: user, verifier: await scramVerifier(password, role === 't' ? 4096 : 1) };
        };
        const [trainee, checker, api] = await Promise.all([
          verifier('t'),
          verifier('c'),
          verifier('a'),
          cloning(() => clone(name, version, spec, signal)),
        ]);
        await admin.query(
          openToRoles({
            database: name,
            trainee: { ...trainee, groups: groupsOf(spec) },
            checker,
            api: { ...api, group: naming.group('api') },
          }),
        );
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
