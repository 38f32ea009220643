/**
 * A login of the service's own, which may read and write what the service does, but only add to the audit log and read
 * it. The log's table belongs to a third role, so neither a hole in a statement of ours nor `SET ROLE NONE` can change
 * what is recorded, take the trigger away or drop the table. Roles belong to a server, so their names carry the
 * installation's id. Migrations go on as the role of the given URL.
 */
import pg from 'pg';
import { LabError } from '../lab/errors.ts';

export interface ServiceLogin {
  /** What the service connects with. */
  readonly databaseUrl: string;
  /** Why the service still has rights to change the audit log; null when it has none. */
  readonly shared: string | null;
}

export interface ServicePassword {
  readonly plain: string;
  /** What PostgreSQL stores for it: the server never sees the password itself. */
  readonly verifier: string;
}

/**
 * Sees to the roles and their rights, any number of replicas at once. Call after every migration: what it made must be
 * granted. Where the URL's role may not create roles, or the server does not let ours in, the URL itself is what the
 * service goes on with, and `shared` says why. `rekeys`: a password that another key has made is replaced, for the new
 * one was given on purpose; else it throws LabError `start_failed`, for replicas would lock one another out by turns.
 * Throws what the database throws.
 */
export async function ensureServiceRole(
  databaseUrl: string,
  password: ServicePassword,
  rekeys: boolean,
): Promise<ServiceLogin> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    const roles = await rolesOf(client);
    if (!roles.mayCreate && !roles.exist) {
      return { databaseUrl, shared: `its role "${roles.me}" may not create roles (CREATEROLE)` };
    }
    const service = new URL(databaseUrl);
    service.username = roles.service;
    service.password = password.plain;
    await inTransaction(client, async () => {
      if (roles.mayCreate) await makeRoles(client, roles, password);
      await grantAll(client, roles);
    });
    let refusal = await loginRefusal(service.href, roles.service);
    if (refusal !== null && roles.mayCreate) {
      if (!rekeys && refusal.wrongPassword) throw otherKey();
      await client.query(`alter role ${roles.service} password ${pg.escapeLiteral(password.verifier)}`);
      refusal = await loginRefusal(service.href, roles.service);
    }
    if (refusal !== null) {
      return {
        databaseUrl,
        shared: `the server does not let the role "${roles.service}" in: ${refusal.because}`,
      };
    }
    if (roles.mayCreate) await inTransaction(client, () => giveAwayLog(client, roles));
    return { databaseUrl: service.href, shared: null };
  } finally {
    await client.end().catch(() => {});
  }
}

function otherKey(): LabError {
  return new LabError(
    'start_failed',
    'INSTALLATION_KEY is required: this control database belongs to an installation whose key is not the one in this ' +
      'data folder. Replicas need the same: give the text of installation.key in the data folder of the first one. ' +
      '(Where that is lost, a new one may be given; the secrets of labs that run then change.)',
  );
}

interface Roles {
  readonly me: string;
  readonly mayCreate: boolean;
  readonly exist: boolean;
  /** Of the service, and of the audit log's owner: plain identifiers. */
  readonly service: string;
  readonly owner: string;
}

async function rolesOf(client: pg.Client): Promise<Roles> {
  const { rows } = await client.query<{ me: string; may: boolean; id: string; exist: boolean }>(`
    select current_user as me, r.rolsuper or r.rolcreaterole as may, left(replace(i.id::text, '-', ''), 12) as id,
      (select count(*) = 2 from pg_roles o where o.rolname in (
        'labwright_service_' || left(replace(i.id::text, '-', ''), 12),
        'labwright_audit_' || left(replace(i.id::text, '-', ''), 12))) as exist
    from pg_roles r, installation i where r.rolname = current_user`);
  const [row] = rows;
  if (row === undefined) throw new Error('the installation row is gone: restore the database from a backup');
  const { me, may, id, exist } = row;
  return { me, mayCreate: may, exist, service: `labwright_service_${id}`, owner: `labwright_audit_${id}` };
}

async function makeRoles(client: pg.Client, roles: Roles, { verifier }: ServicePassword): Promise<void> {
  const { service, owner } = roles;
  const { rows } = await client.query<{ name: string }>(
    'select rolname as name from pg_roles where rolname in ($1, $2)',
    [service, owner],
  );
  const exists = (name: string) => rows.some((row) => row.name === name);
  if (!exists(owner)) await client.query(`create role ${owner} nologin`);
  if (!exists(service)) {
    await client.query(`create role ${service} login password ${pg.escapeLiteral(verifier)}`);
  }
}

/**
 * Both logins go on adding to the log. A table is given away by a member of its next owner, who may create in the
 * schema: both for this moment only.
 */
async function giveAwayLog(client: pg.Client, { me, service, owner }: Roles): Promise<void> {
  const found = await client.query<{ owner: string }>(
    `select tableowner as owner from pg_tables where schemaname = 'public' and tablename = 'audit_log'`,
  );
  if (found.rows[0]?.owner === owner) return;
  const giver = pg.escapeIdentifier(me);
  await client.query(`
    grant ${owner} to ${giver};
    grant create on schema public to ${owner};
    alter table audit_log owner to ${owner};
    revoke create on schema public from ${owner};
    set local role ${owner};
    grant select, insert on audit_log to ${service}, ${giver};
    reset role;
    revoke ${owner} from ${giver};`);
}

async function inTransaction(client: pg.Client, work: () => Promise<void>): Promise<void> {
  await client.query('begin');
  await client.query('select pg_advisory_xact_lock(7006, 1)');
  await work();
  await client.query('commit');
}

/** Each of our tables and views but the log; what only migrations write is left to them. */
async function grantAll(client: pg.Client, { service }: Roles): Promise<void> {
  await client.query(`
    do $$ declare one record; begin
      grant usage on schema public to ${service};
      for one in
        select c.relname as name, c.relkind as kind from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'S')
          and pg_has_role(c.relowner, 'usage')
          and c.relname not like 'audit_log%' and c.relname not like 'schema_migrations%'
          and not case c.relkind when 'S' then has_sequence_privilege('${service}', c.oid, 'usage')
            else has_table_privilege('${service}', c.oid, 'delete') end
      loop
        if one.kind = 'S' then
          execute format('grant usage, select on sequence public.%I to ${service}', one.name);
        else
          execute format('grant select, insert, update, delete on public.%I to ${service}', one.name);
        end if;
      end loop;
    end $$`);
}

interface Refusal {
  readonly because: string;
  readonly wrongPassword: boolean;
}

/** Null when it gets in, and as itself. */
async function loginRefusal(url: string, role: string): Promise<Refusal | null> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ me: string }>('select current_user as me from installation');
    if (rows[0]?.me === role) return null;
    return { because: `it is let in as "${rows[0]?.me}"`, wrongPassword: false };
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string };
    return { because: message ?? String(error), wrongPassword: code === '28P01' };
  } finally {
    await client.end().catch(() => {});
  }
}
