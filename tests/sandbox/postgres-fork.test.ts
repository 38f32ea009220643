/** A copy of a lab's database is its own lab's in every respect, and the lab hardly notices. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNaming } from '../../src/sandbox/naming.ts';
import { asRole, forkOf, planFor, postgresAccess } from '../contracts/driver-contract-plans.ts';
import { forkedVersion, liveLab } from '../support/fork-database-lab.ts';
import { asSuperuser } from '../support/postgres-lab.ts';
import { startTestDriver, type TestDriver } from '../support/process-driver.ts';

const signal = AbortSignal.timeout(300_000);
const version = forkedVersion;
const live = liveLab;
let test: TestDriver;
let admin: pg.Client;

beforeAll(async () => {
  test = await startTestDriver();
  admin = new pg.Client({ connectionString: test.labsUrl });
  await admin.connect();
  await test.driver.ensure(live, 'database', signal);
});
afterAll(async () => {
  await admin?.end();
  await test?.stop();
});

const access = (plan = live) => postgresAccess(test.driver, plan);
const forked = async (id: string, origin = live) => {
  const plan = forkOf(origin, id);
  await test.driver.ensure(plan, 'database', signal);
  return plan;
};

describe('a fork of a database', () => {
  it('holds what was there, and goes its own way', async () => {
    await asRole(access(), 'trainee', 'insert into a values (100)');
    const fork = await forked('sb-fork-own');
    expect(await asRole(access(fork), 'trainee', 'select max(x) as x from a')).toEqual([{ x: 100 }]);
    await asRole(access(fork), 'trainee', 'delete from a');
    expect(await asRole(access(), 'trainee', 'select max(x) as x from a')).toEqual([{ x: 100 }]);
    // A second look at what is there changes nothing.
    await test.driver.ensure(fork, 'database', signal);
    expect(await asRole(access(fork), 'trainee', 'select * from a')).toEqual([]);
    // A reset begins at the template.
    const reset = { ...fork, components: planFor(fork.sandboxId, version, { database: 2 }).components };
    await test.driver.ensure(reset, 'database', signal);
    expect(await asRole(access(reset), 'trainee', 'select max(x) as x from a')).toEqual([{ x: 5 }]);
    await test.driver.destroy('sb-fork-own', signal);
  });

  it('lets nobody of the one into the other', async () => {
    const fork = await forked('sb-fork-apart');
    const [mine, copy] = [access(), access(fork)];
    for (const role of ['trainee', 'checker', 'grader'] as const) {
      await expect(asRole(copy, role, 'select 1', mine.database), role).rejects.toMatchObject({
        code: '42501',
      });
      await expect(asRole(mine, role, 'select 1', copy.database), role).rejects.toMatchObject({
        code: '42501',
      });
      expect(await asRole(copy, role, 'select count(*)::int > 0 as some from a'), role).toEqual([
        { some: true },
      ]);
    }
    await test.driver.destroy('sb-fork-apart', signal);
  });

  it('gives everything that the trainee has made to its own trainee, and every right to its own roles', async () => {
    const { apiRole, trainee, checker } = access();
    await asRole(
      access(),
      'trainee',
      `create table orders (id serial primary key, total numeric, note text);
       insert into orders (total, note) values (5, 'a');
       create type mood as enum ('good', 'bad'); create domain positive as int check (value > 0);
       create sequence numbers; create table deep (x mood);
       create function twice(x int) returns int language sql as 'select x * 2';
       create function stamp() returns trigger language plpgsql security definer as
         $$ begin new.note := current_user; return new; end $$;
       create trigger stamped before insert on orders for each row execute function stamp();
       create view totals as select sum(total) as total from orders;
       create materialized view kept as select * from orders;
       create statistics pair on total, note from orders;
       alter table orders enable row level security; alter table orders force row level security;
       create policy own on orders to ${trainee.user}, ${apiRole} using (true) with check (true);
       grant select, insert on orders to ${apiRole}; grant usage on sequence orders_id_seq to ${apiRole};
       grant select (total) on orders to ${checker.user} with grant option;
       grant usage on type mood to ${apiRole};
       revoke execute on function twice(int) from public; grant execute on function twice(int) to ${apiRole};
       grant select on a to ${apiRole};
       alter default privileges grant select on tables to ${apiRole};
       alter default privileges in schema public grant insert on tables to ${apiRole};
       select lo_from_bytea(4711, 'x'); grant select on large object 4711 to ${apiRole};
       alter role ${trainee.user} set work_mem = '5MB'`,
    );
    const fork = await forked('sb-fork-made');
    const copy = access(fork);
    const before = await rightsIn(live);
    expect(before.length).toBeGreaterThan(20);
    const swapped = before.map((line) => line.replaceAll(access().database, copy.database)).sort();
    expect(await rightsIn(fork)).toEqual(swapped);
    // Nothing in the copy knows the origin's roles any more, so that either may go first.
    const naming = createNaming(test.installationId);
    const { rows } = await admin.query(
      `select r.rolname from pg_shdepend s join pg_database d on d.oid = s.dbid join pg_roles r on r.oid = s.refobjid
       where d.datname = $1 and starts_with(r.rolname, $2)`,
      [copy.database, naming.sandboxPrefix('sb-live')],
    );
    expect(rows).toEqual([]);
    // It is used, not only listed.
    await asRole(
      copy,
      'trainee',
      `insert into orders (total) values (1); alter table orders add z int; drop view totals;
       alter type mood add value 'new'; select nextval('numbers'); create table later (x int);
       alter policy own on orders using (id > 0); refresh materialized view kept; drop table deep`,
    );
    const [row] = await asRole(copy, 'trainee', 'select note from orders order by id desc limit 1');
    expect(row).toEqual({ note: copy.trainee.user });
    const [right] = await asRole(
      copy,
      'checker',
      `select has_table_privilege('${copy.apiRole}', 'later', 'select') as now`,
    );
    expect(right).toEqual({ now: true });
    for (const sql of ['insert into observability.log (x) values (1)', 'drop schema observability cascade']) {
      await expect(asRole(copy, 'trainee', sql), sql).rejects.toMatchObject({ code: '42501' });
    }
    // The origin is what it was.
    expect(await rightsIn(live)).toEqual(before);
    await asRole(access(), 'trainee', 'insert into orders (total) values (2)');
    await test.driver.destroy('sb-fork-made', signal);
  });

  it('outlives its origin, and the origin outlives it', async () => {
    const origin = planFor('sb-fork-first', version);
    await test.driver.ensure(origin, 'database', signal);
    await asRole(
      access(origin),
      'trainee',
      `create table kept as select 7 as x; grant all on kept to ${access(origin).apiRole}`,
    );
    const fork = await forked('sb-fork-second', origin);
    await test.driver.destroy('sb-fork-first', signal);
    expect(await asRole(access(fork), 'trainee', 'select x from kept')).toEqual([{ x: 7 }]);
    await test.driver.destroy('sb-fork-second', signal);
    const left = await admin.query(
      `select rolname from pg_roles where rolname like '%fork\\_first%' or rolname like '%fork\\_second%'`,
    );
    expect(left.rows).toEqual([]);
  });

  it('says so when there is nothing to be cloned from', async () => {
    const fork = forkOf(planFor('sb-nobody', version), 'sb-fork-none');
    await expect(test.driver.ensure(fork, 'database', signal)).rejects.toMatchObject({
      code: 'start_failed',
    });
    await test.driver.destroy('sb-fork-none', signal);
  });
});

describe('making several forks at once', () => {
  it('works from a live database with people in it', async () => {
    const busy = new Busy(access());
    const ids = Array.from({ length: 6 }, (_, i) => `sb-fork-live-${i}`);
    const forks = await Promise.all(ids.map((id) => forked(id)));
    await busy.stop();
    for (const fork of forks) {
      expect(await asRole(access(fork), 'checker', 'select count(*)::int > 4 as some from a')).toEqual([
        { some: true },
      ]);
    }
    // Sessions are ended or wait; none is told that the database takes no connections.
    expect([...busy.codes].filter((code) => code !== '57P01')).toEqual([]);
    expect(busy.queries).toBeGreaterThan(0);
    await Promise.all(ids.map((id) => test.driver.destroy(id, signal)));
  });

  it('works from an image of it', async () => {
    const image = await forked('sb-image');
    const ids = Array.from({ length: 6 }, (_, i) => `sb-fork-image-${i}`);
    const forks = await Promise.all(ids.map((id) => forked(id, image)));
    for (const fork of forks) {
      expect(await asRole(access(fork), 'trainee', 'insert into a values (1000) returning x')).toEqual([
        { x: 1000 },
      ]);
    }
    await Promise.all([...ids, 'sb-image'].map((id) => test.driver.destroy(id, signal)));
  });
});

const script = new URL('fork-and-wait.ts', import.meta.url).pathname;

describe('after a crash in the middle of a clone', () => {
  it('the live database is open and unharmed, and the half-made copy is made anew', async () => {
    // Whoever changes a database's comment keeps its copy waiting until they have committed.
    const holder = new pg.Client({ connectionString: test.labsUrl });
    await holder.connect();
    await holder.query(`begin; comment on database ${access().database} is 'held'`);
    const child = spawn(process.execPath, [script, test.dataDir, test.installationId, test.labsUrl], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const waits = `select from pg_stat_activity where wait_event_type = 'Lock' and query like 'CREATE DATABASE%crash%'`;
    while ((await admin.query(waits)).rowCount === 0) await delay(50, undefined, { signal });
    child.kill('SIGKILL');
    await once(child, 'exit');
    await holder.end();
    expect((await test.driver.observe(live, signal)).components.database?.state).toBe('running');
    await test.driver.ensure(live, 'database', signal);
    expect(await asRole(access(), 'trainee', 'select count(*)::int > 4 as some from a')).toEqual([
      { some: true },
    ]);
    const fork = await forked('sb-fork-crash');
    expect(await asRole(access(fork), 'trainee', 'select count(*)::int > 4 as some from a')).toEqual([
      { some: true },
    ]);
    await test.driver.destroy('sb-fork-crash', signal);
  });

  it.each(['allow_connections false', 'connection limit 0'])(
    'a database that was left with %s although it is whole is opened, never dropped',
    async (how) => {
      const plan = planFor('sb-closed', version);
      await test.driver.ensure(plan, 'database', signal);
      await asRole(access(plan), 'trainee', 'create table work as select 1 as x');
      await admin.query(`alter database ${access(plan).database} ${how}`);
      expect((await test.driver.observe(plan, signal)).components.database?.state).toBe('starting');
      await test.driver.ensure(plan, 'database', signal);
      expect((await test.driver.observe(plan, signal)).components.database?.state).toBe('running');
      expect(await asRole(access(plan), 'trainee', 'select x from work')).toEqual([{ x: 1 }]);
      await test.driver.destroy('sb-closed', signal);
    },
  );

  it('a copy that has not been given its roles is closed to all but us, and made anew', async () => {
    const fork = forkOf(live, 'sb-fork-half');
    await admin.query(`create database ${access(fork).database} connection limit 0`);
    expect((await test.driver.observe(fork, signal)).components.database?.state).toBe('starting');
    await expect(asRole(access(), 'trainee', 'select 1', access(fork).database)).rejects.toMatchObject({
      code: '53300',
    });
    await test.driver.ensure(fork, 'database', signal);
    expect(await asRole(access(fork), 'trainee', 'select count(*)::int > 4 as some from a')).toEqual([
      { some: true },
    ]);
    await test.driver.destroy('sb-fork-half', signal);
  });
});

/** Owners, rights, policies and default privileges, a line each. */
async function rightsIn(plan: typeof live): Promise<readonly string[]> {
  const rows = await asSuperuser<{ line: string }>(
    test,
    plan,
    `select format('%s %s %s %s', 'class', relname, relowner::regrole, relacl) as line from pg_class
       where relnamespace::regnamespace::text in ('public', 'observability')
     union all select format('%s %s %s', attrelid::regclass, attname, attacl) from pg_attribute where attacl is not null
       and attrelid >= 16384
     union all select format('%s %s %s', nspname, nspowner::regrole, nspacl) from pg_namespace where oid >= 16384 or nspname = 'public'
     union all select format('%s %s %s', proname, proowner::regrole, proacl) from pg_proc where oid >= 16384
     union all select format('%s %s %s', typname, typowner::regrole, typacl) from pg_type where oid >= 16384
     union all select format('%s %s', stxname, stxowner::regrole) from pg_statistic_ext
     union all select format('%s %s %s', oid, lomowner::regrole, lomacl) from pg_largeobject_metadata
     union all select format('%s %s', polname, polroles::regrole[]) from pg_policy
     union all select format('%s %s %s %s', defaclrole::regrole, defaclnamespace, defaclobjtype, defaclacl) from pg_default_acl
     union all select format('set %s', setconfig) from pg_db_role_setting where setdatabase = 0
       and setrole = '${access(plan).trainee.user}'::regrole`,
  );
  return rows.map(({ line }) => line).sort();
}

/** Sessions that connect again and again, as a pool would. */
class Busy {
  readonly codes = new Set<string>();
  queries = 0;
  readonly #loops: readonly Promise<void>[];
  #over = false;

  constructor({ host, port, database, trainee }: ReturnType<typeof postgresAccess>) {
    const loop = async () => {
      while (!this.#over) {
        const client = new pg.Client({ host, port, database, ...trainee });
        client.on('error', () => {});
        try {
          await client.connect();
          await client.query('select 1');
          this.queries += 1;
        } catch (thrown) {
          const { code, message } = thrown as { code?: string; message: string };
          // A session that was ended between two of its statements is told so by the client, without the code.
          const ended = /terminated|not queryable/.test(message);
          this.codes.add(code ?? (ended ? '57P01' : message));
        } finally {
          await client.end().catch(() => {});
        }
      }
    };
    this.#loops = [loop(), loop(), loop()];
  }

  async stop(): Promise<void> {
    this.#over = true;
    await Promise.all(this.#loops);
  }
}
