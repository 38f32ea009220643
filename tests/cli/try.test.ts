import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeDataFolder, processesOf, removeDataFolder, run, start } from './labwright.ts';

describe('a lab without a server', { timeout: 60_000 }, () => {
  let folder: string;
  const attempt = (...args: string[]) => run(['try', ...args, '--data-dir', folder]);

  beforeAll(() => {
    folder = makeDataFolder();
  });
  afterAll(() => removeDataFolder(folder));

  it('is solved by its own solution, and leaves nothing behind', async () => {
    const ended = await attempt('dm-customer-lifecycle', '--solve');
    expect(ended.stderr).not.toContain('✗');
    expect(ended.stdout).toContain('100 of 100 points');
    expect(ended.code).toBe(0);
    expect(processesOf(folder)).toEqual([]);
  });

  it('tells by its exit code that a reader left before all checks passed', async () => {
    const { child, ended } = start(['try', 'dm-customer-lifecycle', '--data-dir', folder]);
    child.stdin?.end('\nq\n');
    const { code, stdout } = await ended;
    expect(stdout).toContain('postgresql://');
    expect(stdout).toContain('0 of 100 points');
    expect(code).toBe(1);
  });

  it('cleans up after Ctrl-C', async () => {
    const { child, ended, stderr } = start(['try', 'dm-customer-lifecycle', '--data-dir', folder]);
    while (!stderr().includes('starting: ') && child.exitCode === null) await delay(20);
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
    expect(stderr()).toContain('Cleaning up');
    expect(processesOf(folder)).toEqual([]);
  });

  it('makes way for another one at the same time', async () => {
    const [one, other] = await Promise.all([
      attempt('dm-customer-lifecycle', '--wrong', 'forgot-the-invoice'),
      attempt('dm-customer-lifecycle', '--wrong', 'forgot-the-invoice'),
    ]);
    for (const { code, stdout } of [one, other]) {
      expect(stdout).toContain('Exactly the checks fell that should.');
      expect(code).toBe(0);
    }
  });

  it('suggests templates and solutions before it starts anything', async () => {
    const template = await attempt('dm-customer-lifecicle');
    expect([template.code, template.stderr]).toEqual([4, expect.stringContaining('"dm-customer-lifecycle"')]);
    const solution = await attempt('dm-customer-lifecycle', '--solve=nothing-like-it');
    expect([solution.code, solution.stderr]).toEqual([
      4,
      expect.stringContaining('no solution "nothing-like-it"'),
    ]);
  });
});
