/** A database server of the lab's own: its trainee may do everything on it, and nothing beyond. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SandboxPlan } from '../../src/lab/ports.ts';
import { databaseOwnServerContract } from '../contracts/database-own-server-contract.ts';
import { asRole, planFor, postgresAccess } from '../contracts/driver-contract-plans.ts';
import {
  dataFolder,
  postmasterOf,
  processesIn,
  segmentOf,
  sharedMemory,
  startOwnServers,
} from '../support/own-server.ts';
import { databaseVersion, ownServerVersion } from '../support/postgres-lab.ts';
import { startTestDriver, type TestDriver } from '../support/process-driver.ts';

const signal = AbortSignal.timeout(300_000);
const version = ownServerVersion();
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

describe('as all are', { timeout: 120_000 }, () => databaseOwnServerContract(startOwnServers));

describe('a server of the lab’s own, beside others', () => {
  it('waits for the parameters of its overlay', async () => {
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

  it.each(['KILL', 'TERM'] as const)('are gone when it was ended by %s', async (how) => {
    await test.driver.kill(other, 'database', how, signal);
    expect(processesIn(dataFolder(test, other))).toEqual([]);
    await test.driver.ensure(other, 'database', signal);
    expect(await asRole(access(other), 'trainee', 'select x from kept')).toEqual([{ x: 1 }]);
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
