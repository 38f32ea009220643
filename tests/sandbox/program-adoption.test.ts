/** Programs of labs outlive a killed Labwright, are taken over by the next one, and leave nothing when they go. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SandboxDriver } from '../../src/lab/ports.ts';
import { planFor } from '../contracts/driver-contract-plans.ts';
import { answerOf, type ProgramName, programsVersion, replyOf } from '../contracts/driver-programs-plans.ts';
import { markedProcesses, startTestDriver, type TestDriver } from '../support/process-driver.ts';

const signal = AbortSignal.timeout(300_000);
const names: readonly ProgramName[] = ['workspace', 'database', 'cache', 'partner', 'mine'];
const plan = planFor('sb-orphan', programsVersion(...names), {}, { params: { client: 'cl_one' } });
const limits = { timeoutMs: 5_000, maxBytes: 10_000 };
const running = { state: 'running', generation: 1, detail: null };
const nothing = { databases: 0, roles: 0, folders: 0, processes: 0 };
let test: TestDriver;

beforeAll(async () => {
  test = await startTestDriver();
  await test.driver.prepare(plan.version, signal);
});
afterAll(() => test?.stop());
beforeEach(async () => {
  await test.driver.destroy(plan.sandboxId, signal);
  const script = new URL('make-and-wait.ts', import.meta.url).pathname;
  const args = [script, test.dataDir, test.installationId, test.labsUrl, names.join(',')];
  const parent = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  if (parent.stdout === null) throw new Error('no output');
  await once(parent.stdout, 'data');
  parent.kill('SIGKILL');
  await once(parent, 'exit');
});

const sandbox = () => join(test.dataDir, 'sandboxes', 'sb_orphan');

async function saysSoon(driver: SandboxDriver, expected: string): Promise<string> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const said = (await answerOf(driver, plan, 'mine').catch(() => null))?.text ?? '';
    if (said === expected || performance.now() > deadline) return said;
    await delay(50);
  }
}

describe('programs after a kill -9 of Labwright', () => {
  it('go on and are adopted, and files that are saved afterwards count', async () => {
    const pids = markedProcesses(test.installationId);
    const driver = await test.again();
    for (const component of names) await driver.ensure(plan, component, signal);
    const { components } = await driver.observe(plan, signal);
    expect(components).toEqual(Object.fromEntries(names.map((name) => [name, running])));
    expect(markedProcesses(test.installationId)).toEqual(pids);
    // What a child may take is still known.
    const record = JSON.parse(readFileSync(join(sandbox(), 'sandbox.json'), 'utf8'));
    expect(record.children.cache.memoryMb).toBe(192);
    writeFileSync(join(sandbox(), 'workspace-1', 'mine', 'main.ts'), replyOf('later'));
    expect(await saysSoon(driver, 'later')).toBe('later');
  });

  it('are started again for files that were saved while Labwright was away', async () => {
    writeFileSync(join(sandbox(), 'workspace-1', 'mine', 'main.ts'), replyOf('meanwhile'));
    const driver = await test.again();
    await driver.observe(plan, signal);
    expect(await saysSoon(driver, 'meanwhile')).toBe('meanwhile');
  });

  it('are destroyed whole', async () => {
    const driver = await test.again();
    await driver.observe(plan, signal);
    await driver.destroy(plan.sandboxId, signal);
    expect(await test.count()).toEqual(nothing);
    await delay(500);
    expect(await test.count()).toEqual(nothing);
  });

  it('are found without their record, by the mark that each carries', async () => {
    rmSync(join(sandbox(), 'sandbox.json'));
    const driver = await test.again();
    expect((await driver.list(signal)).map(({ sandboxId }) => sandboxId)).toEqual(['sb-orphan']);
    await driver.destroy(plan.sandboxId, signal);
    expect(await test.count()).toEqual(nothing);
    expect(redisServers()).toEqual([]);
  });

  it('that were destroyed while their files are saved do not come back', async () => {
    const driver = await test.again();
    await driver.observe(plan, signal);
    const file = join(sandbox(), 'workspace-1', 'mine', 'main.ts');
    writeFileSync(file, replyOf('too late'));
    await delay(100);
    await driver.destroy(plan.sandboxId, signal);
    await delay(1_000);
    expect(await test.count()).toEqual(nothing);
  });

  it('end with an orderly stop, and a saved file does not bring them back', async () => {
    const driver = await test.again();
    await driver.observe(plan, signal);
    writeFileSync(join(sandbox(), 'workspace-1', 'mine', 'main.ts'), replyOf('closing'));
    await driver.close();
    await delay(500);
    expect(markedProcesses(test.installationId)).toEqual([]);
    await test.again();
  });
});

describe('what a partner wrote down', () => {
  it('is out of the reach of the lab', async (context) => {
    if (process.getuid?.() !== 0) context.skip('labs and partners run as the same user');
    const driver = await test.again();
    const folder = join(sandbox(), 'partner-1');
    expect(readdirSync(folder).sort()).toContain('config.json');
    expect(readFileSync(join(folder, 'config.json'), 'utf8')).toContain('cl_one');
    for (const argv of [
      ['ls', folder],
      ['cat', join(folder, 'config.json')],
    ]) {
      const result = await driver.exec(plan, 'workspace', argv, limits, signal);
      expect(result.exitCode, argv.join(' ')).not.toBe(0);
      expect(result.stderr).toContain('Permission denied');
    }
    const [stub] = markedProcesses(test.installationId).filter((pid) =>
      readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('/stub/'),
    );
    const environment = ['cat', `/proc/${stub}/environ`];
    expect((await driver.exec(plan, 'workspace', environment, limits, signal)).exitCode).not.toBe(0);
  });
});

/** Redis servers that write their log into this test's folder, marked or not. */
function redisServers(): readonly string[] {
  return readdirSync('/proc').filter((entry) => {
    try {
      if (!readFileSync(`/proc/${entry}/cmdline`, 'latin1').includes('redis-server')) return false;
      return readlinkSync(`/proc/${entry}/fd/1`).startsWith(test.dataDir);
    } catch {
      return false;
    }
  });
}
