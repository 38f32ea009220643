/** What a database holds of its lab's own parameters. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SandboxPlan } from '../../src/lab/ports.ts';
import { databaseVersion } from '../support/postgres-lab.ts';
import type { DatabaseSubject } from './database-subject.ts';
import { asRole, forkOf, planFor, postgresAccess } from './driver-contract-plans.ts';

export function databaseOverlayContract(start: () => Promise<DatabaseSubject>): void {
  const signal = AbortSignal.timeout(1_800_000);
  const params = { city: "Ika'h", limit: 3, label: 'odd "name"', gone: null };
  let test: DatabaseSubject;

  beforeAll(async () => {
    test = await start();
  });
  afterAll(() => test?.stop());

  const seed = {
    'seed.sql':
      'create table a (city text, n int); create schema observability; create table observability.log ()',
  };
  const withOverlay = (sql: string, second = "insert into a values (:'city', :limit)") =>
    databaseVersion(
      { ...seed, 'one.sql': sql, 'sql/two.sql': second },
      {
        overlay: ['one.sql', 'sql/two.sql'],
        traineeRole: 'read-write',
      },
    );
  const access = (plan: SandboxPlan) => postgresAccess(test.driver, plan);
  const rows = (plan: SandboxPlan) => asRole(access(plan), 'trainee', 'select city, n from a order by n');
  const stateOf = async (plan: SandboxPlan) =>
    (await test.driver.observe(plan, signal)).components.database?.state;

  describe('an overlay', () => {
    const version = withOverlay(
      'create table hints (x int); insert into hints select generate_series(1, :limit)',
    );

    it('is applied once, when the parameters are there', async () => {
      const spare = planFor('sb-over', version);
      await test.driver.ensure(spare, 'database', signal);
      expect(await stateOf(spare)).toBe('running');
      expect(await rows(spare)).toEqual([]);
      const lab = { ...spare, params };
      expect(await stateOf(lab)).toBe('starting');
      const other = await test.another();
      await Promise.all(
        [test.driver, other, test.driver].map((driver) => driver.ensure(lab, 'database', signal)),
      );
      await test.driver.ensure(lab, 'database', signal);
      await other.close();
      expect(await stateOf(lab)).toBe('running');
      expect(await rows(lab)).toEqual([{ city: "Ika'h", n: 3 }]);
      // What it makes is the lab's like any other table: the trainee may write there, and not change its shape.
      await asRole(access(lab), 'trainee', 'insert into hints values (9)');
      await expect(asRole(access(lab), 'trainee', 'drop table hints')).rejects.toMatchObject({
        code: '42501',
      });
    });

    it('is in a copy already, and not applied to it again', async () => {
      const lab = planFor('sb-over', version, {}, { params });
      await asRole(access(lab), 'trainee', 'update a set n = 4');
      const fork = forkOf(lab, 'sb-over-fork');
      await test.driver.ensure(fork, 'database', signal);
      expect(await stateOf(fork)).toBe('running');
      expect(await rows(fork)).toEqual([{ city: "Ika'h", n: 4 }]);
      const copy = forkOf(fork, 'sb-over-copy');
      await test.driver.ensure(copy, 'database', signal);
      expect(await rows(copy)).toEqual([{ city: "Ika'h", n: 4 }]);
      await Promise.all(['sb-over-fork', 'sb-over-copy'].map((id) => test.driver.destroy(id, signal)));
    });

    it('is applied to the next generation, too', async () => {
      const next = planFor('sb-over', version, { database: 2 }, { params });
      await test.driver.ensure(next, 'database', signal);
      expect(await rows(next)).toEqual([{ city: "Ika'h", n: 3 }]);
      await test.driver.destroy('sb-over', signal);
    });

    it.each([
      ['a mistake', 'select 1;\n\ninsert into nowhere values (1)', 3, 'does not exist'],
      [
        'a parameter that there is not',
        "-- :nothing\nselect ':nothing',\n :'nothing'",
        3,
        'no parameter "nothing"',
      ],
      [
        'more than its owner may',
        "create table t (a text);\nreset role; copy t from '/etc/passwd'",
        2,
        'permission denied',
      ],
      ['what the platform records', '\ndelete from observability.log', 2, 'permission denied'],
    ])('says where it is at fault, and leaves nothing behind: %s', async (_, sql, line, message) => {
      const plan = planFor(
        'sb-over-wrong',
        withOverlay("insert into a values (:'city', 1)", sql),
        {},
        { params },
      );
      await expect(test.driver.ensure(plan, 'database', signal)).rejects.toMatchObject({
        code: 'seed_failed',
        message: expect.stringMatching(new RegExp(`^sql/two\\.sql:${line}: .*${message}`)),
      });
      expect(await stateOf(plan)).toBe('starting');
      expect(await rows(plan)).toEqual([]);
      await test.driver.destroy('sb-over-wrong', signal);
    });

    it('may not end its transaction', async () => {
      const plan = planFor('sb-over-commit', withOverlay('commit; begin'), {}, { params });
      await expect(test.driver.ensure(plan, 'database', signal)).rejects.toMatchObject({
        code: 'seed_failed',
        message: expect.stringContaining('one.sql'),
      });
      await test.driver.destroy('sb-over-commit', signal);
    });
  });
}
