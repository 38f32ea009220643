/** A lab's own server outlives a killed Labwright, which finds it again, and harms it in no moment. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asRole, postgresAccess } from '../contracts/driver-contract-plans.ts';
import { dataFolder, postmasterOf, processesIn } from '../support/own-server.ts';
import { orphan, orphanFork } from '../support/own-server-lab.ts';
import { startTestDriver, type TestDriver } from '../support/process-driver.ts';

const signal = AbortSignal.timeout(300_000);
let test: TestDriver;

beforeAll(async () => {
  test = await startTestDriver();
  await test.driver.prepare(orphan.version, signal);
});
afterAll(() => test?.stop());

function start(...more: string[]): ChildProcess {
  const script = new URL('own-server-and-wait.ts', import.meta.url).pathname;
  const args = [script, test.dataDir, test.installationId, test.labsUrl, ...more];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function kill(program: ChildProcess): Promise<void> {
  program.kill('SIGKILL');
  await once(program, 'exit');
}

const stateOf = (pid: number) => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2)[0];
};

describe('after a kill -9 of Labwright', () => {
  it('a server goes on, its sessions too, and is adopted, known how to be stopped', async () => {
    const program = start();
    if (program.stdout === null) throw new Error('no output');
    await once(program.stdout, 'data');
    await kill(program);
    const access = postgresAccess(test.driver, orphan);
    const session = new pg.Client({ ...access, ...access.trainee });
    await session.connect();
    await session.query('create table kept as select 1 as x');
    const pid = postmasterOf(dataFolder(test, orphan));
    const driver = await test.again();
    expect((await driver.observe(orphan, signal)).components.database).toEqual({
      state: 'running',
      generation: 1,
      detail: null,
    });
    await driver.ensure(orphan, 'database', signal);
    expect(postmasterOf(dataFolder(test, orphan))).toBe(pid);
    expect((await session.query('select x from kept')).rows).toEqual([{ x: 1 }]);
    session.on('error', () => {});
    // An orderly stop writes what is in memory, sessions or not.
    await driver.close();
    expect(processesIn(dataFolder(test, orphan))).toEqual([]);
    const next = await test.again();
    await next.ensure(orphan, 'database', signal);
    expect(await next.readLog(orphan, 'database', 10_000, signal)).not.toContain(
      'was not properly shut down',
    );
    expect(await asRole(postgresAccess(next, orphan), 'trainee', 'select x from kept')).toEqual([{ x: 1 }]);
    await session.end().catch(() => {});
  });

  it('in the middle of a copy the server goes on at once, and the copy is made anew', async () => {
    const access = postgresAccess(test.driver, orphan);
    // Large enough that the copy takes a while.
    await asRole(access, 'trainee', `copy (select) to program 'head -c 700000000 /dev/zero > large'`);
    const pid = postmasterOf(dataFolder(test, orphan));
    const program = start('fork');
    while (stateOf(pid) !== 'T') await delay(1, undefined, { signal });
    await kill(program);
    const deadline = performance.now() + 5_000;
    while (stateOf(pid) === 'T' && performance.now() < deadline) await delay(10);
    expect(stateOf(pid)).not.toBe('T');
    expect(await asRole(access, 'trainee', 'select count(*)::int as n from a')).toEqual([{ n: 5 }]);
    await asRole(access, 'trainee', `copy (select) to program 'rm large'`);
    const driver = await test.again();
    await driver.ensure(orphanFork, 'database', signal);
    const fork = postgresAccess(driver, orphanFork);
    expect(await asRole(fork, 'trainee', 'select count(*)::int as n from a')).toEqual([{ n: 5 }]);
    expect((await driver.observe(orphanFork, signal)).components.database?.state).toBe('running');
  });
});
