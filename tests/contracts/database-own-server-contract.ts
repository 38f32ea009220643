/** A lab's own server: what its trainee does to it is theirs, and copies of it are whole. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SandboxPlan } from '../../src/lab/ports.ts';
import { serverHome } from '../../src/sandbox/containers/postgres/server.ts';
import { imagesTimeoutMs } from '../support/images.ts';
import { databaseVersion, ownServerVersion } from '../support/postgres-lab.ts';
import { type OwnServers, soon } from './database-subject.ts';
import { asRole, clientAs, forkOf, planFor, postgresAccess } from './driver-contract-plans.ts';

const version = ownServerVersion({ archive: true });
const live = planFor('sb-own', version, {}, { params: { word: 'hello' } });
const running = { state: 'running', generation: 1, detail: null };

/** Labs' own servers, whoever runs these. */
export function databaseOwnServerContract(start: () => Promise<OwnServers>): void {
  const signal = AbortSignal.timeout(1_800_000);
  let test: OwnServers;

  const access = (plan = live) => postgresAccess(test.driver, plan);
  const stateOf = async (plan: SandboxPlan) => (await test.driver.observe(plan, signal)).components.database;
  async function forked(sandboxId: string, origin = live): Promise<SandboxPlan> {
    const fork = forkOf(origin, sandboxId);
    await test.driver.ensure(fork, 'database', signal);
    return fork;
  }

  beforeAll(async () => {
    test = await start();
    expect(test.driver.lacks(version)).toEqual([]);
    await test.driver.prepare(version, signal);
    await test.driver.ensure(live, 'database', signal);
  }, imagesTimeoutMs);
  afterAll(() => test?.stop(), 120_000);

  describe('a server', () => {
    it('holds the seed and the overlay, and its trainee may do everything', async () => {
      expect(await stateOf(live)).toEqual(running);
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
        'select count(*)::int > 0 as some from pg_stat_statements',
      );
      expect(row).toEqual({ some: true });
    });

    it('has a checker that sees all of it and is no superuser, and a grader that changes it', async () => {
      await asRole(access(), 'trainee', 'create table secret as select 1 as x');
      expect(await asRole(access(), 'checker', 'select x from secret')).toEqual([{ x: 1 }]);
      await asRole(access(), 'checker', 'select * from pg_stat_replication; select * from pg_ls_waldir()');
      for (const sql of [
        'set default_transaction_read_only = off; commit; begin; create table public.no ()',
        `set role ${access().trainee.user}`,
        `copy (select 1) to program 'true'`,
        `select pg_read_file('/etc/hostname')`,
      ]) {
        await expect(asRole(access(), 'checker', sql), sql).rejects.toMatchObject({ code: '42501' });
      }
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

    it('is started again with its data when it was killed, and hears STOP, CONT and TERM', async () => {
      const plan = planFor('sb-own-signals', version);
      await test.driver.ensure(plan, 'database', signal);
      await asRole(access(plan), 'trainee', 'create table kept as select 1 as x');
      const sleeper = asRole(access(plan), 'trainee', 'select pg_sleep(300)').catch(() => 'ended');
      await test.driver.kill(plan, 'database', 'KILL', signal);
      expect(await sleeper).toBe('ended');
      expect(await stateOf(plan)).toMatchObject({ state: 'broken' });
      await test.driver.ensure(plan, 'database', signal);
      await test.driver.kill(plan, 'database', 'STOP', signal);
      expect(await stateOf(plan)).toMatchObject({ state: 'broken' });
      await test.driver.kill(plan, 'database', 'CONT', signal);
      expect(await stateOf(plan)).toMatchObject({ state: 'running' });
      // A session does not keep it from ending.
      const session = clientAs(access(plan), 'trainee');
      await session.connect();
      await test.driver.kill(plan, 'database', 'TERM', signal);
      expect(await stateOf(plan)).toMatchObject({ state: 'broken' });
      await session.end().catch(() => {});
      await test.driver.ensure(plan, 'database', signal);
      // One that was left stopped is brought back.
      await test.driver.kill(plan, 'database', 'STOP', signal);
      await test.driver.ensure(plan, 'database', signal);
      expect(await stateOf(plan)).toMatchObject({ state: 'running' });
      expect(await asRole(access(plan), 'trainee', 'select x from kept')).toEqual([{ x: 1 }]);
      await test.driver.destroy(plan.sandboxId, signal);
    });
  });

  describe('a copy', () => {
    it('holds all that was committed while its server goes on, and neither knows the other’s passwords', async () => {
      const session = clientAs(access(), 'trainee');
      await session.connect();
      await session.query('insert into a values (100); create role friend login');
      let beats = 0;
      let over = false;
      const beating = (async () => {
        while (!over) {
          await session.query('insert into a select max(x) + 1 from a');
          beats += 1;
        }
      })();
      const before = beats;
      const fork = await forked('sb-own-fork');
      expect(beats).toBeGreaterThan(before);
      over = true;
      await beating;
      // The very session that was there before.
      const [kept] = (await session.query<{ n: number }>('select count(*)::int as n from a')).rows;
      await session.end();
      const [copied] = await asRole<{ n: number }>(
        access(fork),
        'trainee',
        'select count(*)::int as n from a',
      );
      expect(copied?.n).toBeGreaterThan(5);
      expect(copied?.n).toBeLessThanOrEqual(kept?.n ?? 0);
      expect(await stateOf(fork)).toEqual(running);
      expect(await asRole(access(fork), 'checker', 'select word from mine')).toEqual([{ word: 'hello' }]);
      for (const role of ['trainee', 'checker', 'grader'] as const) {
        const [mine, copy] = [access(), access(fork)];
        for (const mixed of [
          { ...copy, [role]: mine[role] },
          { ...mine, [role]: copy[role] },
        ]) {
          await expect(asRole(mixed, role, 'select 1'), role).rejects.toMatchObject({ code: '28P01' });
        }
      }
      await asRole(access(fork), 'trainee', 'delete from a');
      expect(await asRole(access(), 'checker', 'select count(*)::int > 5 as some from a')).toEqual([
        { some: true },
      ]);
      // A reset begins at the template, and an older plan changes nothing after it.
      const reset = planFor(fork.sandboxId, version, { database: 2 }, { params: live.params, origin: live });
      await test.driver.ensure(reset, 'database', signal);
      expect(await asRole(access(reset), 'checker', 'select count(*)::int as n from a')).toEqual([{ n: 5 }]);
      await test.driver.ensure(fork, 'database', signal);
      expect(await stateOf(reset)).toMatchObject({ state: 'running', generation: 2 });
      await test.driver.destroy(fork.sandboxId, signal);
    });

    it('is made of a server that does not run, whatever the trainee has done to the platform’s accounts', async () => {
      const plan = planFor('sb-own-mess', version, {}, { params: live.params });
      await test.driver.ensure(plan, 'database', signal);
      for (const sql of [
        'create table work as select 7 as x',
        `comment on database lab is null`,
        `alter role postgres password 'mine'; alter role lab_g nologin; drop role lab_r`,
        `create function f() returns event_trigger language plpgsql as $$ begin raise 'no'; end $$;
         create event trigger e on ddl_command_start execute function f()`,
        `copy (select 'host all all all reject') to program 'cat > pg_hba.conf'`,
        `copy (select 1) to program 'ln -s /etc/passwd ../passwords.sql; touch standby.signal'`,
      ])
        await asRole(access(plan), 'trainee', sql);
      // A mark that was seen is not looked for again.
      expect(await stateOf(plan)).toMatchObject({ state: 'running' });
      await test.driver.kill(plan, 'database', 'KILL', signal);
      expect(await stateOf(plan)).toMatchObject({ state: 'broken' });
      const fork = await forked('sb-own-mess-fork', plan);
      // Its access rules came with it: nobody gets in, yet it serves.
      expect(await stateOf(fork)).toMatchObject({ state: 'running' });
      await expect(asRole(access(fork), 'trainee', 'select x from work')).rejects.toMatchObject({
        code: '28000',
      });
      const data = `${test.home?.(fork, 'database') ?? serverHome}/data`;
      const letIn = `echo 'host all all all trust' > ${data}/pg_hba.conf && pg_ctl reload -D ${data}`;
      await test.inside(fork.sandboxId, 'database', letIn);
      const work = () => asRole(access(fork), 'trainee', 'select x from work').catch(() => null);
      expect(await soon(work, (found) => found !== null)).toEqual([{ x: 7 }]);
      const reset = planFor(plan.sandboxId, version, { database: 2 }, { params: live.params });
      await test.driver.ensure(reset, 'database', signal);
      expect(await asRole(access(reset), 'trainee', 'select word from mine')).toEqual([{ word: 'hello' }]);
      for (const { sandboxId } of [fork, plan]) await test.driver.destroy(sandboxId, signal);
    });

    it('is whole, as are others that are made with it, and one of a copy', async () => {
      await asRole(access(), 'trainee', 'insert into a values (1000000)');
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
      const forks = await Promise.all([1, 2, 3].map((n) => forked(`sb-own-many-${n}`)));
      over = true;
      await Promise.all([looking, writing]);
      // That it stands still for a moment is no trouble.
      expect([...states]).toEqual(['running']);
      const copy = await forked('sb-own-copy', forks[0]);
      const check = `select coalesce(bool_and(x = before + 1), true) as whole from (select x, lag(x) over (order by x) as before from a where x >= 1000000) s where before is not null`;
      for (const fork of [...forks, copy]) {
        expect(await asRole(access(fork), 'trainee', check)).toEqual([{ whole: true }]);
      }
      // In any order: a copy needs nothing of what it was made of.
      for (const fork of forks) await test.driver.destroy(fork.sandboxId, signal);
      await asRole(access(copy), 'trainee', 'insert into a values (-1)');
      await test.driver.destroy(copy.sandboxId, signal);
    });

    it('says so when there is nothing to be cloned from, or too much', async () => {
      const none = forkOf(planFor('sb-nobody', version), 'sb-own-none');
      await expect(test.driver.ensure(none, 'database', signal)).rejects.toMatchObject({
        code: 'start_failed',
      });
      const roomy = databaseVersion(
        { 'seed.sql': 'create table a (x int)' },
        { traineeRole: 'superuser-own-server', limits: { diskMb: 4_096 } },
      );
      const origin = planFor('sb-own-large', roomy);
      await test.driver.ensure(origin, 'database', signal);
      await asRole(access(origin), 'trainee', `copy (select) to program 'fallocate -l 2200000000 large'`);
      const large = forkOf(origin, 'sb-own-large-fork');
      await expect(test.driver.ensure(large, 'database', signal)).rejects.toMatchObject({
        code: 'payload_too_large',
      });
      for (const { sandboxId } of [none, large, origin]) await test.driver.destroy(sandboxId, signal);
    });
  });

  it('leaves nothing of a lab that is destroyed', async () => {
    const fork = await forked('sb-own-gone');
    const session = clientAs(access(fork), 'trainee');
    await session.connect();
    await test.driver.destroy(fork.sandboxId, signal);
    await test.driver.destroy(live.sandboxId, signal);
    await session.end().catch(() => {});
    expect(Object.entries(await test.count()).filter(([, count]) => count > 0)).toEqual([]);
  });
}
