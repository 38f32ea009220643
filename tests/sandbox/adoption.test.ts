/** What a killed Labwright leaves running is found again, kept or removed, and nothing else is ever touched. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { identify, isAlive } from '../../src/embedded/process-identity.ts';
import { asRole, contractVersion, planFor, postgresAccess } from '../contracts/driver-contract-plans.ts';
import { makeDriver, markedProcesses, startTestDriver, type TestDriver } from '../support/process-driver.ts';

const signal = AbortSignal.timeout(300_000);
const plan = planFor('sb-orphan', contractVersion());
let test: TestDriver;

beforeAll(async () => {
  test = await startTestDriver();
  await test.driver.prepare(plan.version, signal);
});
afterAll(() => test?.stop());

beforeEach(async () => {
  await test.driver.destroy(plan.sandboxId, signal);
  await makeAndKill();
});

const recordPath = () => join(test.dataDir, 'sandboxes', 'sb_orphan', 'sandbox.json');

async function makeAndKill(): Promise<void> {
  const script = new URL('make-and-wait.ts', import.meta.url).pathname;
  const parent: ChildProcess = spawn(
    process.execPath,
    [script, test.dataDir, test.installationId, test.labsUrl],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  if (parent.stdout === null) throw new Error('no output');
  await once(parent.stdout, 'data');
  parent.kill('SIGKILL');
  await once(parent, 'exit');
}

describe('after a kill -9 of Labwright', () => {
  it('its labs go on, are adopted and kept', async () => {
    const pids = markedProcesses(test.installationId);
    expect(pids).toHaveLength(1);
    const driver = await test.again();
    const { components } = await driver.observe(plan, signal);
    expect(Object.values(components).map(({ state }) => state)).toEqual(['running', 'running', 'running']);
    await driver.ensure(plan, 'api', signal);
    expect(markedProcesses(test.installationId)).toEqual(pids);
    const access = driver.access(plan, 'api');
    if (access.kind !== 'sample-api') throw new Error('not an API');
    expect((await fetch(`${access.url}/health/ready`)).status).toBe(200);
  });

  it('trouble of an adopted child is noticed, too', async () => {
    const driver = await test.again();
    const trouble = new Promise<string>((resolve) => driver.onTrouble(resolve));
    process.kill(markedProcesses(test.installationId)[0] ?? 0, 'SIGKILL');
    expect(await trouble).toBe('sb-orphan');
    expect((await driver.observe(plan, signal)).components.api?.state).toBe('broken');
  });

  it('its labs are listed and destroyed whole', async () => {
    const driver = await test.again();
    expect((await driver.list(signal)).map(({ sandboxId }) => sandboxId)).toEqual(['sb-orphan']);
    await driver.destroy('sb-orphan', signal);
    expect(await test.count()).toEqual({ databases: 0, roles: 0, folders: 0, processes: 0 });
  });

  it('they are found without their record, by the mark that the child carries', async () => {
    rmSync(recordPath());
    const driver = await test.again();
    expect((await driver.list(signal)).map(({ sandboxId }) => sandboxId)).toEqual(['sb-orphan']);
    await driver.destroy('sb-orphan', signal);
    expect(await test.count()).toEqual({ databases: 0, roles: 0, folders: 0, processes: 0 });
  });

  it('they are not taken by a copy of the data folder, whose records and marks are the same', async () => {
    const copy = mkdtempSync(join(tmpdir(), 'labwright-copy-'));
    chmodSync(copy, 0o755);
    cpSync(test.dataDir, copy, { recursive: true });
    const pids = markedProcesses(test.installationId);
    const driver = await makeDriver(copy, test.installationId, test.labsUrl);
    try {
      expect((await driver.observe(plan, signal)).components.api?.state).toBe('broken');
    } finally {
      await driver.close();
      rmSync(copy, { recursive: true, force: true });
    }
    expect(markedProcesses(test.installationId)).toEqual(pids);
    const owner = await test.again();
    expect((await owner.observe(plan, signal)).components.api?.state).toBe('running');
  });

  it('a process that was given a dead child’s pid is left alone', async () => {
    const stranger = spawn('sleep', ['60']);
    try {
      for (const pid of markedProcesses(test.installationId)) process.kill(pid, 'SIGKILL');
      const record = JSON.parse(readFileSync(recordPath(), 'utf8'));
      record.children.api.pid = stranger.pid;
      writeFileSync(recordPath(), JSON.stringify(record));
      const driver = await test.again();
      expect((await driver.observe(plan, signal)).components.api?.state).toBe('broken');
      await driver.destroy('sb-orphan', signal);
      const now = identify(stranger.pid ?? 0);
      expect(now !== null && isAlive(now)).toBe(true);
    } finally {
      stranger.kill('SIGKILL');
    }
  });
});

describe('after an orderly stop', () => {
  it('no child is left, and the next start brings the lab back as it was, at its address', async () => {
    const first = await test.again();
    await asRole(postgresAccess(first, plan), 'trainee', `update customers set phone = 'kept'`);
    await first.writeFile(plan, 'workspace', 'mine.txt', new Uint8Array([65]), signal);
    const before = first.access(plan, 'api');
    await first.close();
    expect(markedProcesses(test.installationId)).toEqual([]);
    const next = await test.again();
    expect((await next.observe(plan, signal)).components.api?.state).toBe('broken');
    for (const component of ['database', 'api', 'workspace']) await next.ensure(plan, component, signal);
    expect(next.access(plan, 'api')).toEqual(before);
    const [row] = await asRole(postgresAccess(next, plan), 'trainee', `select distinct phone from customers`);
    expect(row).toEqual({ phone: 'kept' });
    const files = await next.readFiles(
      plan,
      'workspace',
      { glob: 'mine.txt', maxFiles: 1, maxBytesEach: 9 },
      signal,
    );
    expect(files).toHaveLength(1);
  });
});
