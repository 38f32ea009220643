/** A database server of the lab's own: its trainee may do everything on it, and nothing beyond. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SandboxPlan } from '../../src/lab/ports.ts';
import { asRole, forkOf, planFor, postgresAccess } from '../contracts/driver-contract-plans.ts';
import { dataFolder, postmasterOf, processesIn, segmentOf, sharedMemory } from '../support/own-server.ts';
import { databaseVersion } from '../support/postgres-lab.ts';
import { startTestDriver, type TestDriver } from '../support/process-driver.ts';

const signal = AbortSignal.timeout(300_000);
const seed = `create table a (x int primary key); insert into a select generate_series(1, 5);
  create schema observability; create table observability.log (x int);`;
const version = databaseVersion(
  { 'seed.sql': seed, 'overlay.sql': `create table mine as select :'word' as word` },
  {
    traineeRole: 'superuser-own-server',
    statementStats: 'own-database-view',
    overlay: ['overlay.sql'],
    extensions: ['pg_trgm'],
  },
);
const live = planFor('sb-own', version, {}, { params: { word: 'hello' } });
const other = planFor('sb-own-other', version);
let test: TestDriver;

beforeAll(async () => {
  test = await startTestDriver();
  expect(test.driver.lacks(version)).toEqual([]);
  await test.driver.prepare(version, signal);
  await Promise.all([live, other].map((plan) => test.driver.ensure(plan, 'database', signal)));
});
afterAll(() => test?.stop());

const access = (plan = live) => postgresAccess(test.driver, plan);
const stateOf = async (plan: SandboxPlan) => (await test.driver.observe(plan, signal)).components.database;

describe('a server of the lab’s own', () => {
  it('holds the seed and the overlay, and its trainee may do everything', async () => {
    expect(await stateOf(live)).toEqual({ state: 'running', generation: 1, detail: null });
    expect(
      await asRole(access(), 'trainee', 'select word, (select count(*)::int from a) as n from mine'),
    ).toEqual([{ word: 'hello', n: 5 }]);
    await asRole(access(), 'trainee', 'alter system set work_mem = "8MB"');
    await asRole(access(), 'trainee', 'create database another');
    await asRole(access(), 'trainee', 'select pg_reload_conf()');
    expect(await asRole(access(), 'trainee', `select similarity('one', 'one')::int as same`)).toEqual([
      { same: 1 },
    ]);
    const [row] = await asRole(
      access(),
      'trainee',
      `select count(*)::int > 0 as some from pg_stat_statements`,
    );
    expect(row).toEqual({ some: true });
    // Without parameters the overlay waits.
    expect(await stateOf(other)).toMatchObject({ state: 'running' });
    expect(await stateOf({ ...other, params: { word: 'x' } })).toMatchObject({ state: 'starting' });
  });

  it('forgets statistics, and of no other', async () => {
    const count = `select count(*)::int as n from lab_statistics_of_all.pg_stat_statements where query like '%marker%'`;
    for (const plan of [live, other]) await asRole(access(plan), 'trainee', 'select 1 as marker');
    await test.driver.resetStatistics(live, 'database', signal);
    expect(await asRole(access(), 'trainee', count)).toEqual([{ n: 0 }]);
    expect(await asRole(access(other), 'trainee', count)).toEqual([{ n: 1 }]);
  });

  it('has a checker that sees all of it, and is neither superuser nor the trainee', async () => {
    await asRole(access(), 'trainee', 'create table secret as select 1 as x');
    expect(await asRole(access(), 'checker', 'select x from secret')).toEqual([{ x: 1 }]);
    await asRole(access(), 'checker', 'select * from pg_stat_replication; select * from pg_ls_waldir()');
    for (const sql of [
      'set default_transaction_read_only = off; commit; begin; create table public.no ()',
      `set role ${access().trainee.user}`,
      `copy (select 1) to program 'true'`,
      `select pg_read_file('/etc/hostname')`,
    ])
      await expect(asRole(access(), 'checker', sql), sql).rejects.toMatchObject({ code: '42501' });
    expect(
      await asRole(
        access(),
        'checker',
        `select rolsuper, pg_has_role(rolname, '${access().trainee.user}', 'member') as member
         from pg_roles where rolname = current_user`,
      ),
    ).toEqual([{ rolsuper: false, member: false }]);
    await asRole(access(), 'grader', 'alter table secret add y int; drop table secret');
  });

  it('lets nobody of the one into the other, nor into the server that the other labs share', async () => {
    const [mine, theirs] = [access(), access(other)];
    expect(mine.port).not.toBe(theirs.port);
    for (const role of ['trainee', 'checker', 'grader'] as const) {
      await expect(asRole({ ...theirs, [role]: mine[role] }, role, 'select 1')).rejects.toMatchObject({
        code: '28P01',
      });
    }
    const shared = new URL(test.labsUrl);
    for (const user of ['postgres', mine.trainee.user]) {
      const client = new pg.Client({
        host: '127.0.0.1',
        port: Number(shared.port),
        database: 'postgres',
        ...mine.trainee,
        user,
      });
      await expect(client.connect()).rejects.toMatchObject({ code: '28P01' });
      await client.end().catch(() => {});
    }
  });

  it.runIf(process.getuid?.() === 0)(
    'reaches no file of the shared server, nor what all labs begin with',
    async () => {
      const admin = new pg.Client({ connectionString: test.labsUrl });
      await admin.connect();
      const { rows } = await admin.query<{ folder: string }>(
        `select current_setting('data_directory') as folder`,
      );
      await admin.end();
      const prepared = join(test.dataDir, 'servers');
      const [name = ''] = readdirSync(prepared);
      const own = dataFolder(test, live);
      expect(readFileSync(join(own, 'PG_VERSION'), 'utf8')).toBe('17\n');
      expect(await asRole(access(), 'trainee', `select pg_read_file('${own}/PG_VERSION') as v`)).toEqual([
        { v: '17\n' },
      ]);
      for (const folder of [rows[0]?.folder, join(prepared, name, 'data')]) {
        const sql = `select pg_read_file('${folder}/PG_VERSION')`;
        await expect(asRole(access(), 'trainee', sql), sql).rejects.toMatchObject({ code: '42501' });
      }
    },
  );
});

describe('a copy of it', () => {
  it('holds all that was committed while its server goes on, and neither knows the other’s passwords', async () => {
    const session = new pg.Client({ ...access(), ...access().trainee });
    await session.connect();
    await session.query('insert into a values (100); create role friend login');
    const fork = forkOf(live, 'sb-own-fork');
    let beats = 0;
    let over = false;
    const beating = (async () => {
      while (!over) {
        await session.query('insert into a select max(x) + 1 from a');
        beats += 1;
      }
    })();
    await test.driver.ensure(fork, 'database', signal);
    const during = beats;
    over = true;
    await beating;
    expect(during).toBeGreaterThan(0);
    // The very session that was there before.
    const [kept] = (await session.query<{ n: number }>('select count(*)::int as n from a')).rows;
    await session.end();
    const [copied] = await asRole<{ n: number }>(access(fork), 'trainee', 'select count(*)::int as n from a');
    expect(copied?.n).toBeGreaterThan(5);
    expect(copied?.n).toBeLessThanOrEqual(kept?.n ?? 0);
    expect(await stateOf(fork)).toEqual({ state: 'running', generation: 1, detail: null });
    expect(await asRole(access(fork), 'checker', 'select word from mine')).toEqual([{ word: 'hello' }]);
    for (const role of ['trainee', 'checker', 'grader'] as const) {
      const [mine, copy] = [access(), access(fork)];
      await expect(asRole({ ...copy, [role]: mine[role] }, role, 'select 1')).rejects.toMatchObject({
        code: '28P01',
      });
      await expect(asRole({ ...mine, [role]: copy[role] }, role, 'select 1')).rejects.toMatchObject({
        code: '28P01',
      });
    }
    await asRole(access(fork), 'trainee', 'delete from a');
    expect(await asRole(access(), 'checker', 'select count(*)::int > 5 as some from a')).toEqual([
      { some: true },
    ]);
    // A reset begins at the template.
    const reset = planFor(fork.sandboxId, version, { database: 2 }, { params: live.params, origin: live });
    await test.driver.ensure(reset, 'database', signal);
    expect(await asRole(access(reset), 'checker', 'select count(*)::int as n from a')).toEqual([{ n: 5 }]);
    await test.driver.ensure(fork, 'database', signal);
    expect(await stateOf(reset)).toMatchObject({ state: 'running', generation: 2 });
    await test.driver.destroy(fork.sandboxId, signal);
  });

  it('works whatever the trainee has done to the platform’s accounts, and from a server that does not run', async () => {
    const plan = planFor('sb-own-mess', version, {}, { params: live.params });
    await test.driver.ensure(plan, 'database', signal);
    await asRole(access(plan), 'trainee', 'create table work as select 7 as x');
    await asRole(access(plan), 'trainee', `alter role postgres password 'mine'; alter role lab_g nologin`);
    await asRole(
      access(plan),
      'trainee',
      `copy (select 'local all all reject') to program 'cat > pg_hba.conf'`,
    );
    await asRole(
      access(plan),
      'trainee',
      `create function f() returns event_trigger language plpgsql as $$ begin raise 'no'; end $$;
       create event trigger e on ddl_command_start execute function f()`,
    );
    await test.driver.kill(plan, 'database', 'KILL', signal);
    expect(processesIn(dataFolder(test, plan))).toEqual([]);
    expect(await stateOf(plan)).toMatchObject({ state: 'broken' });
    const fork = forkOf(plan, 'sb-own-mess-fork');
    await test.driver.ensure(fork, 'database', signal);
    // Its access rules came with it: nobody gets in, yet it serves.
    expect(await stateOf(fork)).toMatchObject({ state: 'running' });
    await expect(asRole(access(fork), 'trainee', 'select x from work')).rejects.toMatchObject({
      code: '28000',
    });
    for (const { sandboxId } of [fork, plan]) await test.driver.destroy(sandboxId, signal);
  });

  it('several copies at once are whole, and the server goes on after them', async () => {
    // Far above what the sessions before this one have counted up to.
    await asRole(access(), 'trainee', 'insert into a values (1000000)');
    const forks = Array.from({ length: 3 }, (_, i) => forkOf(live, `sb-own-many-${i}`));
    let over = false;
    const states = new Set<string>();
    const looking = (async () => {
      while (!over) {
        states.add((await stateOf(live))?.state ?? 'absent');
        await delay(10);
      }
    })();
    const writing = (async () => {
      while (!over) await asRole(access(), 'trainee', 'insert into a select max(x) + 1 from a');
    })();
    await Promise.all(forks.map((fork) => test.driver.ensure(fork, 'database', signal)));
    over = true;
    await Promise.all([looking, writing]);
    // That it stands still for a moment is no trouble.
    expect([...states]).toEqual(['running']);
    for (const fork of forks) {
      const check = `select coalesce(bool_and(x = before + 1), true) as whole from (select x, lag(x) over (order by x) as before from a where x >= 1000000) s where before is not null`;
      expect(await asRole(access(fork), 'trainee', check)).toEqual([{ whole: true }]);
      await test.driver.destroy(fork.sandboxId, signal);
    }
  });

  it('of too much data is refused', async () => {
    await asRole(access(other), 'trainee', `copy (select) to program 'fallocate -l 2200000000 large'`);
    const fork = forkOf(other, 'sb-own-large');
    await expect(test.driver.ensure(fork, 'database', signal)).rejects.toMatchObject({
      code: 'payload_too_large',
    });
    await asRole(access(other), 'trainee', `copy (select) to program 'rm large'`);
    await test.driver.destroy(fork.sandboxId, signal);
  });

  it('says so when there is nothing to be cloned from', async () => {
    const fork = forkOf(planFor('sb-nobody', version), 'sb-own-none');
    await expect(test.driver.ensure(fork, 'database', signal)).rejects.toMatchObject({
      code: 'start_failed',
    });
    await test.driver.destroy('sb-own-none', signal);
  });
});

describe('its processes', () => {
  it('a killed server is started again with its data and its address, sessions of old ended', async () => {
    const trouble = new Promise<string>((resolve) => test.driver.onTrouble(resolve));
    const before = test.driver.access(other, 'database');
    await asRole(access(other), 'trainee', 'create table kept as select 1 as x');
    const sleeper = asRole(access(other), 'trainee', 'select pg_sleep(300)').catch(() => 'ended');
    process.kill(postmasterOf(dataFolder(test, other)), 'SIGKILL');
    expect(await trouble).toBe(other.sandboxId);
    expect(await stateOf(other)).toMatchObject({ state: 'broken' });
    await test.driver.ensure(other, 'database', signal);
    expect(await sleeper).toBe('ended');
    expect(test.driver.access(other, 'database')).toEqual(before);
    expect(await asRole(access(other), 'trainee', 'select x from kept')).toEqual([{ x: 1 }]);
    expect(await test.driver.readLog(other, 'database', 10_000, signal)).toContain(
      'ready to accept connections',
    );
  });

  it('hears STOP, CONT and TERM', async () => {
    await test.driver.kill(other, 'database', 'STOP', signal);
    expect(await stateOf(other)).toMatchObject({ state: 'broken' });
    await test.driver.kill(other, 'database', 'CONT', signal);
    expect(await stateOf(other)).toMatchObject({ state: 'running' });
    const session = new pg.Client({ ...access(other), ...access(other).trainee });
    session.on('error', () => {});
    await session.connect();
    await test.driver.kill(other, 'database', 'TERM', signal);
    expect(processesIn(dataFolder(test, other))).toEqual([]);
    await test.driver.ensure(other, 'database', signal);
    expect(await asRole(access(other), 'trainee', 'select x from kept')).toEqual([{ x: 1 }]);
    // One that was left stopped is brought back.
    await test.driver.kill(other, 'database', 'STOP', signal);
    await test.driver.ensure(other, 'database', signal);
    expect(await stateOf(other)).toMatchObject({ state: 'running' });
    await session.end().catch(() => {});
  });

  it('leaves no process, memory, port or folder when it is destroyed, also one that was killed', async () => {
    const plans = [planFor('sb-own-end', version), planFor('sb-own-killed', version)];
    for (const plan of plans) await test.driver.ensure(plan, 'database', signal);
    const folders = plans.map((plan) => dataFolder(test, plan));
    const segments = folders.map(segmentOf);
    expect(sharedMemory()).toEqual(expect.arrayContaining(segments));
    const idle = new pg.Client({ ...access(plans[0]), ...access(plans[0]).trainee });
    idle.on('error', () => {});
    await idle.connect();
    const busy = asRole(access(plans[0]), 'trainee', `copy (select 1) to program 'sleep 300'`).catch(
      () => 'ended',
    );
    process.kill(postmasterOf(folders[1] ?? ''), 'SIGKILL');
    for (const { sandboxId } of plans) await test.driver.destroy(sandboxId, signal);
    expect(await busy).toBe('ended');
    expect(folders.flatMap(processesIn)).toEqual([]);
    expect(folders.filter((folder) => existsSync(folder))).toEqual([]);
    expect(sharedMemory().filter((segment) => segments.includes(segment))).toEqual([]);
    await idle.end().catch(() => {});
  });
});

describe('what servers begin with', () => {
  it('is removed when nobody needs it, as is what a killed Labwright was making, and made anew', async () => {
    const folder = join(test.dataDir, 'servers');
    expect(readdirSync(folder)).toHaveLength(1);
    await test.driver.pruneTemplates([version], 0);
    expect(readdirSync(folder)).toHaveLength(1);
    await test.driver.pruneTemplates([], 0);
    expect(readdirSync(folder)).toEqual([]);
    mkdirSync(join(folder, 'half.building', 'data'), { recursive: true });
    await (await test.again()).prepare(version, signal);
    expect(readdirSync(folder)).toEqual([expect.not.stringContaining('building')]);
  });

  it('names the line of a seed that is at fault', async () => {
    const wrong = databaseVersion(
      { 'seed.sql': 'create table a ();\nselect nothing' },
      { traineeRole: 'superuser-own-server' },
    );
    await expect(test.driver.prepare(wrong, signal)).rejects.toMatchObject({
      code: 'seed_failed',
      message: expect.stringContaining('seed.sql:2:'),
    });
    expect(readdirSync(join(test.dataDir, 'servers'))).toHaveLength(1);
  });
});
