/** A lab's own server in a container: what its trainee finds there, and what it begins with. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imagesTimeoutMs } from '../support/images.ts';
import { databaseVersion } from '../support/postgres-lab.ts';
import { type ContainedDatabases, soon } from './database-subject.ts';
import { asRole, planFor, postgresAccess } from './driver-contract-plans.ts';

const version = databaseVersion(
  { 'seed.sql': 'create table a (x int)' },
  { traineeRole: 'superuser-own-server', archive: true },
);
const live = planFor('sb-own', version);

/** Labs' databases that are containers, whoever runs these. */
export function databasePreparedContract(start: () => Promise<ContainedDatabases>): void {
  const signal = AbortSignal.timeout(1_800_000);
  let test: ContainedDatabases;

  const access = (plan = live) => postgresAccess(test.driver, plan);

  beforeAll(async () => {
    test = await start();
    expect(test.driver.lacks(version)).toEqual([]);
    await test.driver.prepare(version, signal);
    await test.driver.ensure(live, 'database', signal);
  }, imagesTimeoutMs);
  afterAll(() => test?.stop(), 120_000);

  it('gives a trainee who runs programs on it no rights, no way out and no secret of the platform', async () => {
    await asRole(
      access(),
      'trainee',
      `create table seen (line text);
       copy seen from program 'id; grep -h "^Cap\\|^NoNewPrivs" /proc/self/status; env; ls /var/lib/postgresql/lab; ls /sys/class/net' delimiter e'\\x01'`,
    );
    const lines = (await asRole<{ line: string }>(access(), 'trainee', 'select line from seen')).map(
      ({ line }) => line,
    );
    expect(lines[0]).toMatch(/^uid=999\S* gid=999/);
    expect(lines.filter((line) => /^Cap(Eff|Bnd|Prm)/.test(line)).map((line) => line.split('\t')[1])).toEqual(
      Array(3).fill('0000000000000000'),
    );
    expect(lines).toContain('NoNewPrivs:\t1');
    // What set the passwords is gone.
    expect(lines.filter((line) => /passwords\.sql|passfile|SCRAM|PASSWORD=/.test(line))).toEqual([]);
    expect(lines).toEqual(expect.arrayContaining(['data', 'archive', 'eth0']));
    const out = asRole(
      access(),
      'trainee',
      `copy (select 1) to program 'timeout 5 bash -c "exec 3<>/dev/tcp/1.1.1.1/80"'`,
    );
    await expect(out).rejects.toMatchObject({ code: '38000' });
    await asRole(access(), 'trainee', 'drop table seen');
  });

  describe('what servers begin with', () => {
    it('is made once by any number of callers, in no sandbox, and goes when nobody needs it', async () => {
      const own = databaseVersion({ 'seed.sql': 'create table b as select 1 as x; select pg_sleep(1)' });
      const before = await test.prepared();
      const other = await test.another();
      await Promise.all([
        test.driver.prepare(own, signal),
        test.driver.prepare(own, signal),
        other.prepare(own, signal),
      ]);
      await other.close();
      expect(await test.prepared()).toHaveLength(before.length + 1);
      expect((await test.driver.list(signal)).map(({ sandboxId }) => sandboxId)).toEqual(['sb-own']);
      await test.driver.prune([version, own], signal);
      expect(await test.prepared()).toHaveLength(before.length + 1);
      for (const n of [1, 2, 3])
        await test.driver.prepare(databaseVersion({ 'seed.sql': `select ${n}` }), signal);
      await test.driver.prune([version], signal);
      // Those that are in use, and two that may be needed again.
      expect(await test.prepared()).toHaveLength(1 + 2);
    });

    it('is generated for the sample API', async () => {
      const generated = databaseVersion({}, { seed: { generator: 'sample-api', scale: 'S', number: 1 } });
      const plan = planFor('sb-own-generated', generated);
      await test.driver.ensure(plan, 'database', signal);
      const [row] = await asRole(access(plan), 'checker', 'select count(*)::int > 0 as some from customers');
      expect(row).toEqual({ some: true });
      await test.driver.destroy(plan.sandboxId, signal);
    });

    it('names the line of a seed that is at fault, and leaves nothing', async () => {
      const wrong = databaseVersion({ 'seed.sql': 'create table a ();\nselect nothing' });
      const before = await test.prepared();
      await expect(test.driver.prepare(wrong, signal)).rejects.toMatchObject({
        code: 'seed_failed',
        message: expect.stringContaining('seed.sql:2:'),
      });
      expect(await test.prepared()).toEqual(before);
    });

    it('leaves no container when its caller gives up', async () => {
      const slow = databaseVersion({ 'seed.sql': 'select pg_sleep(300)' });
      const giveUp = new AbortController();
      const before = new Set(await test.containers());
      // Others may just be going.
      const made = async () => (await test.containers()).filter((name) => !before.has(name));
      const preparing = test.driver.prepare(slow, giveUp.signal);
      preparing.catch(() => {});
      expect(await soon(made, (names) => names.length > 0)).toHaveLength(1);
      giveUp.abort(new Error('enough'));
      await expect(preparing).rejects.toThrow('enough');
      expect(await made()).toEqual([]);
    });
  });

  it('leaves nothing of a lab that is destroyed', async () => {
    await test.driver.destroy(live.sandboxId, signal);
    expect(Object.entries(await test.count()).filter(([, count]) => count > 0)).toEqual([]);
  });
}
