import { randomBytes } from 'node:crypto';
import pg from 'pg';
import pino from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openControlDatabase } from '../../src/compose/control-database.ts';
import { servicePassword } from '../../src/compose/service-password.ts';
import { createAuditLog } from '../../src/store/audit-log.ts';
import { ensureServiceRole } from '../../src/store/service-role.ts';
import { startTestPostgres, type TestPostgres } from '../support/postgres.ts';

let postgres: TestPostgres;
const open: pg.Pool[] = [];

beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterEach(async () => {
  for (const pool of open.splice(0)) await pool.end();
});
afterAll(() => postgres.stop());

const log = pino({ level: 'silent' });
const entry = {
  actor: 'ada',
  role: 'trainee',
  action: 'lab.reset',
  target: 'l',
  outcome: 'done',
  detail: {},
};

async function openAs(url: string, key = randomBytes(32), keyIsGiven = false): Promise<pg.Pool> {
  const options = { embedded: true, connections: 2, key, keyIsGiven };
  const pool = await openControlDatabase(url, options, log, AbortSignal.timeout(30_000));
  open.push(pool);
  return pool;
}

/** A database that belongs to a role with these rights, and its URL as that role. */
async function databaseOf(rights: string): Promise<string> {
  const url = new URL(await postgres.createDatabase());
  const name = `owner_${randomBytes(4).toString('hex')}`;
  const admin = new pg.Client({ connectionString: url.href });
  await admin.connect();
  await admin.query(`create role ${name} login password 'x' ${rights}`);
  await admin.query(`alter database ${url.pathname.slice(1)} owner to ${name}`);
  await admin.query(`alter schema public owner to ${name}`);
  await admin.end();
  url.username = name;
  url.password = 'x';
  return url.href;
}

const attacks = [
  `update audit_log set actor = 'eve'`,
  'delete from audit_log',
  'truncate audit_log',
  'drop table audit_log',
  'alter table audit_log disable trigger all',
  'alter table audit_log disable trigger audit_log_append_only',
  'drop trigger audit_log_append_only on audit_log',
  `create or replace function refuse_change() returns trigger language plpgsql as 'begin return null; end'`,
  'alter table audit_log owner to current_user',
  'drop schema public cascade',
  `set session_replication_role = 'replica'`,
  `set role none; delete from audit_log`,
  `reset session authorization; delete from audit_log`,
  `do $$ begin execute 'set role ' || (select tableowner from pg_tables where tablename = 'audit_log'); end $$`,
  `create rule gone as on insert to audit_log do instead nothing`,
];

describe.each(['superuser', 'createrole'])('the audit log, where the given role is %s', (rights) => {
  it('takes entries from the service, which can change none of them by any statement', async () => {
    const pool = await openAs(await databaseOf(rights));
    const audit = createAuditLog(pool);
    await audit.record(entry);
    const before = await audit.list({ limit: 10 });
    expect(before).toMatchObject([entry]);
    for (const attack of attacks) {
      await expect(pool.query(attack), attack).rejects.toThrow(/permission denied|must be owner|append-only/);
    }
    expect(await audit.list({ limit: 10 })).toEqual(before);
    await audit.record(entry);
    expect(await audit.list({ limit: 10 })).toHaveLength(2);
  });

  it('goes on when the service starts again, also under another key that is given', async () => {
    const url = await databaseOf(rights);
    const key = randomBytes(32);
    await createAuditLog(await openAs(url, key)).record(entry);
    await createAuditLog(await openAs(url, key)).record(entry);
    const [first, second] = await Promise.all([openAs(url, key), openAs(url, key)]);
    await createAuditLog(first).record(entry);
    await createAuditLog(second).record(entry);
    expect(await createAuditLog(await openAs(url, randomBytes(32), true)).list({ limit: 10 })).toHaveLength(
      4,
    );
  });
});

it('refuses a replica that has made a key of its own, and locks nobody out', async () => {
  const url = await databaseOf('createrole');
  const first = await openAs(url);
  await expect(openAs(url)).rejects.toMatchObject({
    code: 'start_failed',
    message: expect.stringContaining('INSTALLATION_KEY is required'),
  });
  await createAuditLog(first).record(entry);
  // A connection of its own: the pool's first one would also outlive a password that is changed.
  const again = await Promise.all([1, 2].map(() => first.query('select pg_sleep(0.2)')));
  expect(again).toHaveLength(2);
});

describe('where the given role may not create roles', () => {
  it('the start says so, and the trigger remains', async () => {
    const url = await databaseOf('');
    const pool = await openAs(url);
    const { databaseUrl, shared } = await ensureServiceRole(
      url,
      await servicePassword(randomBytes(32)),
      false,
    );
    expect(databaseUrl).toBe(url);
    expect(shared).toContain('may not create roles');
    await createAuditLog(pool).record(entry);
    await expect(pool.query('delete from audit_log')).rejects.toThrow('append-only');
    await expect(pool.query('truncate audit_log')).rejects.toThrow('append-only');
  });
});
