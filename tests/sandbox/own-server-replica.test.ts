/** Replicas and archives of labs' own servers. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SandboxPlan } from '../../src/lab/ports.ts';
import type { PostgresComponent, TemplateVersion } from '../../src/templates/types.ts';
import { forkOf, plainDatabase, planFor } from '../contracts/driver-contract-plans.ts';
import { dataFolder, postmasterOf } from '../support/own-server.ts';
import { startTestDriver, type TestDriver } from '../support/process-driver.ts';
import { versionWith } from '../support/versions.ts';

const signal = AbortSignal.timeout(300_000);
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
let test: TestDriver;

beforeAll(async () => {
  test = await startTestDriver();
  await make(live);
});
afterAll(() => test?.stop());

async function make(plan: SandboxPlan): Promise<void> {
  for (const component of ['primary', 'replica']) await test.driver.ensure(plan, component, signal);
}

async function ask(
  component: string,
  sql: string,
  role: 'trainee' | 'checker' | 'grader' = 'trainee',
  plan = live,
) {
  const access = test.driver.access(plan, component);
  if (access.kind !== 'postgres') throw new Error('no database');
  const client = new pg.Client({ ...access, ...access[role] });
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Asked until it gives this, for replication takes a moment. */
async function soon(look: () => Promise<unknown>, expected: unknown): Promise<void> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const seen = await look().catch((thrown: unknown) => thrown);
    if (JSON.stringify(seen) === JSON.stringify(expected)) return;
    if (performance.now() > deadline) expect(seen).toEqual(expected);
    await delay(50);
  }
}

const seen = async (plan = live) => (await test.driver.observe(plan, signal)).components;

describe('a replica', () => {
  it('follows its primary, and is read only', async () => {
    expect(await seen()).toEqual({ primary: running, replica: running });
    await ask('primary', 'insert into a values (2); create table later as select 3 as x');
    await soon(() => ask('replica', 'select x from later'), [{ x: 3 }]);
    await expect(ask('replica', 'insert into a values (9)')).rejects.toMatchObject({ code: '25006' });
    expect(await ask('replica', 'select count(*)::int as n from a', 'checker')).toEqual([{ n: 2 }]);
    expect(
      await ask('primary', 'select application_name as name from pg_stat_replication', 'checker'),
    ).toEqual([{ name: 'replica' }]);
  });

  it('follows again when either was killed', async () => {
    for (const component of ['primary', 'replica']) {
      process.kill(postmasterOf(dataFolder(test, live, component)), 'SIGKILL');
      await soon(async () => (await seen())[component]?.state, 'broken');
      await test.driver.ensure(live, component, signal);
    }
    await soon(seen, { primary: running, replica: running });
    await ask('primary', 'insert into a values (3)');
    await soon(() => ask('replica', 'select count(*)::int as n from a'), [{ n: 3 }]);
  });

  it('is not to blame for a primary that does not run', async () => {
    await test.driver.kill(live, 'primary', 'TERM', signal);
    await soon(async () => (await seen()).replica, { ...running, detail: 'Its primary is not running.' });
    expect(await ask('replica', 'select count(*)::int as n from a')).toEqual([{ n: 3 }]);
    await test.driver.ensure(live, 'primary', signal);
    await soon(seen, { primary: running, replica: running });
  });

  it('is copied with its primary, and the copy follows the copy', async () => {
    const fork = forkOf(live, 'sb-primary-fork');
    await make(fork);
    expect(await seen(fork)).toEqual({ primary: running, replica: running });
    await ask('primary', 'insert into a values (4)', 'trainee', fork);
    await soon(() => ask('replica', 'select count(*)::int as n from a', 'trainee', fork), [{ n: 4 }]);
    expect(await ask('primary', 'select count(*)::int as n from a')).toEqual([{ n: 3 }]);
    await test.driver.destroy(fork.sandboxId, signal);
  });

  it('that was promoted is left to whoever did it, also when it is started again', async () => {
    const plan = planFor('sb-promoted', version);
    await make(plan);
    const data = dataFolder(test, plan, 'replica');
    writeFileSync(join(data, 'promote'), '');
    process.kill(postmasterOf(data), 'SIGUSR1');
    const promoted = { ...running, detail: 'It was promoted, and follows its primary no longer.' };
    await soon(async () => (await seen(plan)).replica, promoted);
    await ask('replica', 'create table mine as select 1 as x', 'trainee', plan);
    await test.driver.kill(plan, 'replica', 'KILL', signal);
    await test.driver.ensure(plan, 'replica', signal);
    expect((await seen(plan)).replica).toEqual(promoted);
    expect(await ask('replica', 'select x from mine', 'trainee', plan)).toEqual([{ x: 1 }]);
    await test.driver.destroy(plan.sandboxId, signal);
  });

  it('is made anew with a primary that was', async () => {
    const reset = planFor(live.sandboxId, version, { primary: 2, replica: 1 });
    await test.driver.ensure(reset, 'primary', signal);
    await test.driver.ensure(reset, 'replica', signal);
    expect(await ask('replica', 'select count(*)::int as n from a', 'checker', reset)).toEqual([{ n: 1 }]);
    expect(await seen(reset)).toEqual({ primary: { ...running, generation: 2 }, replica: running });
    await test.driver.destroy(live.sandboxId, signal);
    await make(live);
  });
});

describe('an archive', () => {
  const archived = (plan = live) => readdirSync(join(dataFolder(test, plan, 'primary'), '..', 'archive'));

  it('holds what was written, in a folder of its own that copies have, too', async () => {
    await ask('primary', 'insert into a values (5); select pg_switch_wal()', 'grader').catch(() => {});
    await ask('primary', 'create table much as select generate_series(1, 30000) as x');
    await soon(async () => archived().filter((name) => /^[0-9A-F]{24}$/.test(name)).length > 0, true);
    await soon(
      () =>
        ask(
          'primary',
          'select archived_count > 0 as some, failed_count::int as failed from pg_stat_archiver',
          'checker',
        ),
      [{ some: true, failed: 0 }],
    );
    const fork = forkOf(live, 'sb-archive-fork', ['primary']);
    await test.driver.ensure(fork, 'primary', signal);
    expect(archived(fork)).toEqual(expect.arrayContaining(archived().slice(0, 1)));
    await test.driver.destroy(fork.sandboxId, signal);
  });
});
