/** What trainees may beyond data, what graders may, and what a shared server cannot give. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseVersion } from '../support/postgres-lab.ts';
import type { DatabaseSubject } from './database-subject.ts';
import { asRole, planFor, postgresAccess } from './driver-contract-plans.ts';

export function databaseRightsContract(start: () => Promise<DatabaseSubject>): void {
  const signal = AbortSignal.timeout(1_800_000);
  const files = {
    'seed.sql': `create table a (x int); insert into a values (1); create index by_x on a (x);
               create schema observability; create table observability.log (x int);`,
    'over.sql': 'create table later (x int)',
  };
  let test: DatabaseSubject;

  beforeAll(async () => {
    test = await start();
  });
  afterAll(() => test?.stop());

  const access = (plan: ReturnType<typeof planFor>) => postgresAccess(test.driver, plan);

  describe('the grant to maintain', () => {
    const more = { traineeRole: 'read-only', overlay: ['over.sql'] } as const;
    const warned = async (plan: ReturnType<typeof planFor>, sql: string) => {
      try {
        await asRole(access(plan), 'trainee', sql);
        return null;
      } catch (thrown) {
        return (thrown as { code?: string }).code;
      }
    };

    it('allows VACUUM, ANALYZE, REINDEX and CLUSTER of all tables, later ones too, and nothing shared', async () => {
      const plan = planFor(
        'sb-maintain',
        databaseVersion(files, { ...more, grants: ['maintain'] }),
        {},
        { params: {} },
      );
      await test.driver.ensure(plan, 'database', signal);
      for (const sql of [
        'vacuum a',
        'analyze a',
        'reindex table a',
        'reindex index by_x',
        'cluster a using by_x',
        'vacuum full later',
      ]) {
        expect(await warned(plan, sql), sql).toBeNull();
      }
      const [row] = await asRole(
        access(plan),
        'checker',
        `select vacuum_count::int as n from pg_stat_user_tables where relname = 'a'`,
      );
      expect(row).toEqual({ n: 1 });
      for (const sql of [
        'insert into a values (2)',
        'begin; lock table pg_authid in access exclusive mode',
        'reindex table observability.log',
        'reindex table pg_class',
      ]) {
        expect(await warned(plan, sql), sql).toBe('42501');
      }
      await test.driver.destroy('sb-maintain', signal);
    });

    it('is not given unasked', async () => {
      const plan = planFor('sb-no-maintain', databaseVersion(files, more));
      await test.driver.ensure(plan, 'database', signal);
      expect(await warned(plan, 'reindex table a')).toBe('42501');
      await test.driver.destroy('sb-no-maintain', signal);
    });
  });

  describe('the grader', () => {
    it('changes what the template and the trainee have made, and is no more than that', async () => {
      const plan = planFor('sb-grader', databaseVersion(files));
      await test.driver.ensure(plan, 'database', signal);
      await asRole(access(plan), 'trainee', 'create table own (x int); revoke all on own from public');
      await asRole(
        access(plan),
        'grader',
        'insert into own values (1); alter table own add y int; insert into a values (7); drop index by_x',
      );
      for (const sql of [
        `copy a from '/etc/passwd'`,
        'select * from pg_authid',
        'create role x',
        'delete from observability.log',
      ]) {
        await expect(asRole(access(plan), 'grader', sql), sql).rejects.toMatchObject({ code: '42501' });
      }
      await expect(
        asRole(access(plan), 'trainee', `set role ${access(plan).grader.user}`),
      ).rejects.toMatchObject({ code: '42501' });
      await test.driver.destroy('sb-grader', signal);
    });
  });

  it.each([{ traineeRole: 'superuser-own-server' }, { replicaOf: 'primary' }, { archive: true }] as const)(
    'what needs a server of its own is to be had where the system shows who runs what: %j',
    (more) => {
      expect(test.driver.lacks(databaseVersion(files, more))).toEqual([]);
    },
  );
}
