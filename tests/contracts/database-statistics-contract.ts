/** A trainee sees what was sent to their own database, and of others nothing; extensions are those that do no harm. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bindSandbox } from '../../src/grading/sandbox-handle.ts';
import { sqlObserver } from '../../src/observers/sql.ts';
import { lookContext } from '../support/handle.ts';
import { databaseVersion } from '../support/postgres-lab.ts';
import type { DatabaseSubject } from './database-subject.ts';
import { asRole, forkOf, planFor, postgresAccess } from './driver-contract-plans.ts';

export function databaseStatisticsContract(start: () => Promise<DatabaseSubject>): void {
  const signal = AbortSignal.timeout(1_800_000);
  const seed = { 'seed.sql': 'create table a (x int primary key); create table b (y text)' };
  const version = databaseVersion(seed, {
    statementStats: 'own-database-view',
    extensions: ['pg_stat_statements'],
  });
  const [mine, theirs] = [planFor('sb-stats-mine', version), planFor('sb-stats-theirs', version)];
  let test: DatabaseSubject;

  beforeAll(async () => {
    test = await start();
    await Promise.all([mine, theirs].map((plan) => test.driver.ensure(plan, 'database', signal)));
  });
  afterAll(() => test?.stop());

  const access = (plan = mine) => postgresAccess(test.driver, plan);
  const texts = async (plan = mine, role: 'trainee' | 'checker' = 'trainee') =>
    (await asRole<{ query: string }>(access(plan), role, 'select query from pg_stat_statements')).map(
      ({ query }) => query,
    );
  /** What the checks of query performance ask, with the role of the one whose statements are counted. */
  const callsOf = async (plan: typeof mine, role: string) =>
    (
      await asRole<{ n: number }>(
        access(plan),
        'checker',
        `select coalesce(sum(calls), 0)::int as n from pg_stat_statements s join pg_roles r on r.oid = s.userid
       where r.rolname = '${role}' and toplevel and query like '%from a where%'`,
      )
    )[0]?.n;

  describe('statement statistics', () => {
    it('show the statements of this database with their texts, and of no other', async () => {
      await asRole(access(), 'trainee', 'select count(*) as mine from a where x = 1');
      await asRole(access(theirs), 'trainee', `select 'secret' as theirs from b`);
      expect(await texts()).toContain('select count(*) as mine from a where x = $1');
      for (const role of ['trainee', 'checker'] as const) {
        expect(
          (await texts(mine, role)).filter((text) => /theirs|insufficient/.test(text)),
          role,
        ).toEqual([]);
      }
      expect(await callsOf(mine, access().trainee.user)).toBe(1);
      const [row] = await asRole(
        access(),
        'trainee',
        `select userid, dbid, toplevel, queryid, calls, total_exec_time, mean_exec_time, rows
       from pg_stat_statements where query like '%as mine%'`,
      );
      expect(row).toMatchObject({ toplevel: true, calls: '1', rows: '1' });
    });

    it('do not show what checks and graders send, nor what made the database', async () => {
      await asRole(access(), 'checker', 'select count(*) as looked from a');
      await asRole(access(), 'grader', `insert into b values ('acted')`);
      const fork = forkOf(mine, 'sb-stats-fork');
      await test.driver.ensure(fork, 'database', signal);
      for (const plan of [mine, fork]) {
        expect(
          (await texts(plan)).filter((text) => /looked|insert into b|CREATE ROLE|SCRAM/i.test(text)),
        ).toEqual([]);
      }
      await asRole(access(fork), 'trainee', 'select 1 as in_the_fork');
      expect((await texts(fork)).some((text) => text.includes('in_the_fork'))).toBe(true);
      await test.driver.destroy('sb-stats-fork', signal);
    });

    it('cannot be read past the view, reset or forged', async () => {
      const refused = [
        'select * from lab_statistics_of_all.pg_stat_statements',
        'select * from lab_statistics_of_all.pg_stat_statements(true)',
        'select lab_statistics_of_all.pg_stat_statements_reset()',
        'drop view lab_statistics.pg_stat_statements',
        'create or replace view lab_statistics.pg_stat_statements as select 1 as calls',
        'create table lab_statistics.t ()',
      ];
      for (const sql of refused) {
        await expect(asRole(access(), 'trainee', sql), sql).rejects.toMatchObject({ code: '42501' });
      }
      for (const sql of refused.slice(0, 3)) {
        await expect(asRole(access(), 'checker', sql), sql).rejects.toMatchObject({ code: '42501' });
      }
      await asRole(access(), 'trainee', `create table pg_stat_statements as select 'forged' as query`);
      expect(await texts(mine, 'checker')).not.toContain('forged');
      await asRole(access(), 'trainee', 'drop table public.pg_stat_statements');
    });

    it('are read by the sql observation past what the trainee has put in their place', async () => {
      await asRole(
        access(),
        'trainee',
        `create table pg_stat_statements as select 0::oid as userid, 'forged' as query`,
      );
      await asRole(access(), 'trainee', 'select count(*) as observed from a');
      const spec = sqlObserver.spec.parse({
        component: 'database',
        query: `select coalesce(sum(calls), 0)::float8 as n from pg_stat_statements s join pg_roles r on r.oid = s.userid
              where r.rolname = $1 and toplevel and query like '%as observed%'`,
        args: [access().trainee.user],
      });
      const context = lookContext(bindSandbox(test.driver, mine));
      expect(await sqlObserver.observe(spec, context, signal)).toMatchObject({
        outcome: 'seen',
        value: { rows: [{ n: 1 }] },
      });
      await asRole(access(), 'trainee', 'drop table public.pg_stat_statements');
    });

    it('are forgotten for one database only', async () => {
      const count = (plan: typeof mine) =>
        asRole(access(plan), 'trainee', `select count(*) from a where x = 2`).then(() =>
          callsOf(plan, access(plan).trainee.user),
        );
      expect(await count(mine)).toBeGreaterThan(0);
      const before = await count(theirs);
      await test.driver.resetStatistics(mine, 'database', signal);
      expect(await callsOf(mine, access().trainee.user)).toBe(0);
      expect(await callsOf(theirs, access(theirs).trainee.user)).toBe(before);
    });

    it('are not there where the template does not give them, and cannot be reset', async () => {
      const plan = planFor('sb-stats-none', databaseVersion(seed));
      await test.driver.ensure(plan, 'database', signal);
      await expect(texts(plan)).rejects.toMatchObject({ code: '42P01' });
      await expect(test.driver.resetStatistics(plan, 'database', signal)).rejects.toMatchObject({
        code: 'bad_request',
      });
      await test.driver.destroy('sb-stats-none', signal);
    });
  });

  describe('extensions', () => {
    it('are there before the seed, and the trainee cannot take them away', async () => {
      const extensions = [
        ...[
          'btree_gin',
          'btree_gist',
          'citext',
          'cube',
          'earthdistance',
          'fuzzystrmatch',
          'hstore',
          'intarray',
        ],
        ...[
          'ltree',
          'pg_trgm',
          'pgcrypto',
          'pgstattuple',
          'tablefunc',
          'tsm_system_rows',
          'unaccent',
          'uuid-ossp',
        ],
      ];
      const files = { 'seed.sql': `create table a (name citext); insert into a values ('Ada')` };
      const plan = planFor('sb-extended', databaseVersion(files, { extensions }));
      await test.driver.ensure(plan, 'database', signal);
      const [row] = await asRole(
        access(plan),
        'trainee',
        `select name = 'ADA' as same, encode(digest('x', 'sha256'), 'hex') as hash, similarity('ada', 'adam') > 0 as near,
         (pgstattuple('a')).tuple_count::int as tuples from a`,
      );
      expect(row).toMatchObject({ same: true, near: true, tuples: 1, hash: expect.stringMatching(/^2d71/) });
      const there = await asRole<{ extname: string }>(
        access(plan),
        'checker',
        'select extname from pg_extension',
      );
      expect(there.map(({ extname }) => extname).sort()).toEqual([...extensions, 'plpgsql'].sort());
      for (const name of ['citext', 'pgcrypto']) {
        await expect(asRole(access(plan), 'trainee', `drop extension ${name} cascade`)).rejects.toMatchObject(
          {
            code: '42501',
          },
        );
      }
      await test.driver.destroy('sb-extended', signal);
    });

    it.each(['dblink', 'postgres_fdw', 'file_fdw', 'plpython3u', 'no_such_thing', 'citext; drop'])(
      'of %s is refused',
      async (name) => {
        const version = databaseVersion(seed, { extensions: [name] });
        expect(test.driver.lacks(version)).toEqual([expect.stringContaining(`"${name}" may not be used`)]);
        await expect(test.driver.prepare(version, signal)).rejects.toMatchObject({ code: 'seed_failed' });
      },
    );
  });
}
