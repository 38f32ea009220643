/** Replicas and archives of labs' own servers. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SandboxPlan } from '../../src/lab/ports.ts';
import { serverHome } from '../../src/sandbox/containers/postgres/server.ts';
import type { PostgresComponent, TemplateVersion } from '../../src/templates/types.ts';
import { imagesTimeoutMs } from '../support/images.ts';
import { versionWith } from '../support/versions.ts';
import { type OwnServers, soon } from './database-subject.ts';
import { asRole, forkOf, plainDatabase, planFor, postgresAccess } from './driver-contract-plans.ts';

const primary: PostgresComponent = {
  ...plainDatabase,
  kind: 'postgres',
  uses: [],
  custody: 'platform',
  seed: { files: ['seed.sql'] },
  traineeRole: 'schema-owner',
  archive: true,
};
const replica: PostgresComponent = {
  ...primary,
  uses: ['primary'],
  seed: { files: [] },
  archive: false,
  replicaOf: 'primary',
};
const version: TemplateVersion = {
  ...versionWith('replicated', 'hash-replicated', { components: { primary, replica } }),
  files: new Map([
    ['seed.sql', new TextEncoder().encode('create table a (x int); insert into a values (1)')],
  ]),
};
const live = planFor('sb-primary', version);
const running = { state: 'running', generation: 1, detail: null };

/** Labs' own servers, whoever runs these. */
export function databaseReplicaContract(start: () => Promise<OwnServers>): void {
  const signal = AbortSignal.timeout(1_800_000);
  let test: OwnServers;

  async function make(plan: SandboxPlan): Promise<void> {
    for (const component of ['primary', 'replica']) await test.driver.ensure(plan, component, signal);
  }

  const ask = (
    component: string,
    sql: string,
    role: 'trainee' | 'checker' | 'grader' = 'trainee',
    plan = live,
  ) => asRole(postgresAccess(test.driver, plan, component), role, sql);
  const home = (plan: SandboxPlan, component: string) => test.home?.(plan, component) ?? serverHome;
  const end = (component: string, how: 'KILL' | 'TERM') => test.driver.kill(live, component, how, signal);
  async function crash(component: string): Promise<void> {
    if (test.crash === undefined) return end(component, 'KILL');
    test.crash(live, component);
  }
  const seen = async (plan = live) => (await test.driver.observe(plan, signal)).components;

  /** Asked until it gives this, for replication takes a moment. */
  async function eventually(look: () => Promise<unknown>, expected: unknown): Promise<void> {
    const same = (value: unknown) => JSON.stringify(value) === JSON.stringify(expected);
    expect(await soon(() => look().catch((thrown: unknown) => thrown), same)).toEqual(expected);
  }

  beforeAll(async () => {
    test = await start();
    await make(live);
  }, imagesTimeoutMs);
  afterAll(() => test?.stop(), 120_000);

  describe('a replica', () => {
    it('follows its primary, and is read only', async () => {
      expect(await seen()).toEqual({ primary: running, replica: running });
      await ask('primary', 'insert into a values (2); create table later as select 3 as x');
      await eventually(() => ask('replica', 'select x from later'), [{ x: 3 }]);
      await expect(ask('replica', 'insert into a values (9)')).rejects.toMatchObject({ code: '25006' });
      expect(await ask('replica', 'select count(*)::int as n from a', 'checker')).toEqual([{ n: 2 }]);
      expect(
        await ask('primary', 'select application_name as name from pg_stat_replication', 'checker'),
      ).toEqual([{ name: 'replica' }]);
    });

    it('follows again when either was killed, and is not to blame for a primary that does not run', async () => {
      await crash('replica');
      await eventually(async () => (await seen()).replica?.state, 'broken');
      await test.driver.ensure(live, 'replica', signal);
      for (const stop of [() => crash('primary'), () => end('primary', 'TERM')]) {
        await stop();
        await eventually(async () => (await seen()).replica, {
          ...running,
          detail: 'Its primary is not running.',
        });
        expect((await seen()).primary?.state).toBe('broken');
        expect(await ask('replica', 'select count(*)::int as n from a')).toEqual([{ n: 2 }]);
        await test.driver.ensure(live, 'primary', signal);
        await eventually(seen, { primary: running, replica: running });
      }
      await ask('primary', 'insert into a values (3)');
      await eventually(() => ask('replica', 'select count(*)::int as n from a'), [{ n: 3 }]);
    });

    it('is copied with its primary, and the copy follows the copy', async () => {
      const fork = forkOf(live, 'sb-primary-fork');
      await make(fork);
      expect(await seen(fork)).toEqual({ primary: running, replica: running });
      await ask('primary', 'insert into a values (4)', 'trainee', fork);
      await eventually(() => ask('replica', 'select count(*)::int as n from a', 'trainee', fork), [{ n: 4 }]);
      expect(await ask('primary', 'select count(*)::int as n from a')).toEqual([{ n: 3 }]);
      await test.driver.destroy(fork.sandboxId, signal);
    });

    it('that was promoted is left to whoever did it, also when it is started again', async () => {
      const plan = planFor('sb-promoted', version);
      await make(plan);
      await test.inside(plan.sandboxId, 'replica', `pg_ctl promote -D ${home(plan, 'replica')}/data`);
      const promoted = { ...running, detail: 'It was promoted, and follows its primary no longer.' };
      await eventually(async () => (await seen(plan)).replica, promoted);
      await ask('replica', 'create table mine as select 1 as x', 'trainee', plan);
      await test.driver.kill(plan, 'replica', 'KILL', signal);
      await test.driver.ensure(plan, 'replica', signal);
      expect((await seen(plan)).replica).toEqual(promoted);
      expect(await ask('replica', 'select x from mine', 'trainee', plan)).toEqual([{ x: 1 }]);
      await test.driver.destroy(plan.sandboxId, signal);
    });

    it('is made anew with a primary that was', async () => {
      const reset = planFor(live.sandboxId, version, { primary: 2, replica: 1 });
      await make(reset);
      expect(await ask('replica', 'select count(*)::int as n from a', 'checker', reset)).toEqual([{ n: 1 }]);
      expect(await seen(reset)).toEqual({ primary: { ...running, generation: 2 }, replica: running });
      await test.driver.destroy(live.sandboxId, signal);
      await make(live);
    });
  });

  it('an archive holds what was written, in a folder of its own that copies have, too', async () => {
    const archived = async (plan = live) =>
      (await test.inside(plan.sandboxId, 'primary', `ls ${home(plan, 'primary')}/archive`))
        .split(/\s+/)
        .filter((name) => /^[0-9A-F]{24}$/.test(name));
    await ask('primary', 'create table much as select generate_series(1, 30000) as x');
    expect((await soon(archived, (names) => names.length > 0)).length).toBeGreaterThan(0);
    const counts = 'select archived_count > 0 as some, failed_count::int as failed from pg_stat_archiver';
    await eventually(() => ask('primary', counts, 'checker'), [{ some: true, failed: 0 }]);
    const fork = forkOf(live, 'sb-archive-fork', ['primary']);
    await test.driver.ensure(fork, 'primary', signal);
    expect(await archived(fork)).toEqual(expect.arrayContaining((await archived()).slice(0, 1)));
    await test.driver.destroy(fork.sandboxId, signal);
  });
}
