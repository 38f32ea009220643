/** What a sandbox driver promises about components that are stopped for a while. Every backend runs it on the real thing. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SandboxDriver, SandboxPlan } from '../../src/lab/ports.ts';
import type { DriverSubject } from './driver-contract.ts';
import { asRole, planFor, postgresAccess } from './driver-contract-plans.ts';
import { answerOf, ensureEach, type ProgramName, programsVersion, replyOf } from './driver-programs-plans.ts';

const bytes = (content: string) => new TextEncoder().encode(content);
const limits = { timeoutMs: 5_000, maxBytes: 100_000 };
const params = { client: 'cl_one' };
const patient = { timeout: 60_000, interval: 50 };
/** Long enough for what must not happen to be seen on most machines; a fast one sees it all the more. */
const whileMs = 1_500;

export function driverPauseContract(name: string, makeSubject: () => Promise<DriverSubject>): void {
  describe(`pauses of sandbox driver ${name}`, () => {
    const signal = AbortSignal.timeout(300_000);
    let subject: DriverSubject;
    let driver: SandboxDriver;
    const troubles: string[] = [];
    let number = 0;

    beforeAll(async () => {
      subject = await makeSubject();
      driver = subject.driver;
      driver.onTrouble((sandboxId) => troubles.push(sandboxId));
    });
    afterAll(() => subject?.stop());
    afterEach(async () => {
      for (const { sandboxId } of await driver.list(signal)) await driver.destroy(sandboxId, signal);
    });

    async function made(...names: readonly ProgramName[]): Promise<SandboxPlan> {
      number += 1;
      const plan = planFor(`sb-pause-${number}`, programsVersion(...names), {}, { params });
      await driver.prepare(plan.version, signal);
      await ensureEach(driver, plan, signal);
      return plan;
    }

    /** Dependents first, as the core does it. */
    async function stopAll(plan: SandboxPlan): Promise<void> {
      for (const component of Object.keys(plan.components).reverse()) {
        await driver.stop(plan, component, signal);
      }
    }

    const stateOf = async (plan: SandboxPlan, component: string) =>
      (await driver.observe(plan, signal)).components[component]?.state ?? 'absent';
    const text = async (plan: SandboxPlan, component: string) =>
      (await answerOf(driver, plan, component)).text;

    async function redis(plan: SandboxPlan, command: string): Promise<string> {
      const access = driver.access(plan, 'cache');
      if (access.kind !== 'redis') throw new Error('not a Redis');
      const stream = await driver.dial(plan, 'cache', signal);
      stream.on('error', () => {});
      try {
        stream.write(`AUTH ${access.password}\r\n${command}\r\nPING\r\n`);
        let heard = '';
        for await (const chunk of stream) {
          heard += String(chunk);
          if (heard.includes('+PONG')) break;
        }
        return heard;
      } finally {
        stream.destroy();
      }
    }

    it('ends what runs, is no trouble, and brings all of it back with what it holds', async () => {
      const plan = await made('database', 'workspace', 'cache', 'partner', 'mine', 'clock', 'load');
      const access = postgresAccess(driver, plan);
      await asRole(access, 'grader', 'create table kept as select 42 as x');
      await driver.writeFile(plan, 'workspace', 'notes.txt', bytes('mine\n'), signal);
      await redis(plan, 'SET basket three-apples');
      troubles.length = 0;
      await stopAll(plan);
      for (const component of ['cache', 'partner', 'mine', 'clock', 'load']) {
        expect(await stateOf(plan, component), component).not.toBe('running');
      }
      await expect(text(plan, 'mine')).rejects.toThrow();
      await expect(text(plan, 'clock')).rejects.toThrow();
      await delay(whileMs);
      expect(troubles).toEqual([]);
      await ensureEach(driver, plan, signal);
      for (const component of Object.keys(plan.components)) {
        expect(await stateOf(plan, component), component).toBe('running');
      }
      expect(await text(plan, 'mine')).toBe('one');
      expect(await asRole(access, 'grader', 'select x from kept')).toEqual([{ x: 42 }]);
      expect(await redis(plan, 'GET basket')).toContain('three-apples');
      const query = { glob: 'notes.txt', maxFiles: 1, maxBytesEach: 100 };
      const [notes] = await driver.readFiles(plan, 'workspace', query, signal);
      expect(new TextDecoder().decode(notes?.content ?? bytes(''))).toBe('mine\n');
    });

    it('stops what is stopped, and what was never made, without a word', async () => {
      const plan = await made('clock');
      await stopAll(plan);
      await stopAll(plan);
      const never = planFor('sb-pause-never', programsVersion('clock', 'cache'), {}, { params });
      await stopAll(never);
      expect(await driver.observe(never, signal)).toEqual({ components: {} });
      expect((await driver.list(signal)).map(({ sandboxId }) => sandboxId)).toEqual([plan.sandboxId]);
    });

    it('starts no program again because its files are saved while it is stopped', async () => {
      const plan = await made('database', 'workspace', 'cache', 'partner', 'mine');
      await driver.stop(plan, 'mine', signal);
      await driver.writeFile(plan, 'workspace', 'mine/main.ts', bytes(replyOf('two')), signal);
      await stateOf(plan, 'mine');
      await delay(whileMs);
      expect(await stateOf(plan, 'mine')).not.toBe('running');
      await driver.ensure(plan, 'mine', signal);
      expect(await text(plan, 'mine')).toBe('two');
      // And it is followed again.
      await driver.writeFile(plan, 'workspace', 'mine/main.ts', bytes(replyOf('three')), signal);
      await expect.poll(() => text(plan, 'mine').catch(() => ''), patient).toBe('three');
    });

    it('ends what a trainee has left running in their files', async () => {
      const plan = await made('workspace');
      const ticking =
        'setsid sh -c "while :; do date +%s%N > tick.txt; sleep 0.1; done" > /dev/null 2>&1 & sleep 0.3';
      await driver.exec(plan, 'workspace', ['sh', '-c', ticking], limits, signal);
      const tick = async () => {
        const query = { glob: 'tick.txt', maxFiles: 1, maxBytesEach: 100 };
        const [found] = await driver.readFiles(plan, 'workspace', query, signal);
        return new TextDecoder().decode(found?.content ?? bytes(''));
      };
      await expect.poll(tick, patient).not.toBe('');
      await driver.stop(plan, 'workspace', signal);
      await driver.ensure(plan, 'workspace', signal);
      const last = await tick();
      await delay(whileMs);
      expect(await tick()).toBe(last);
    });

    it('copies from a sandbox whose components are stopped', async () => {
      const plan = await made('database', 'workspace');
      await asRole(postgresAccess(driver, plan), 'grader', 'create table kept as select 7 as x');
      await driver.writeFile(plan, 'workspace', 'notes.txt', bytes('kept\n'), signal);
      await stopAll(plan);
      const copy = planFor('sb-pause-copy', plan.version, {}, { params, origin: plan });
      await ensureEach(driver, copy, signal);
      expect(await asRole(postgresAccess(driver, copy), 'grader', 'select x from kept')).toEqual([{ x: 7 }]);
      const query = { glob: 'notes.txt', maxFiles: 1, maxBytesEach: 100 };
      const [notes] = await driver.readFiles(copy, 'workspace', query, signal);
      expect(new TextDecoder().decode(notes?.content ?? bytes(''))).toBe('kept\n');
    });

    it('destroys what is stopped, with all that it holds', async () => {
      const before = await subject.count();
      const plan = await made('database', 'workspace', 'cache', 'clock');
      await stopAll(plan);
      await driver.destroy(plan.sandboxId, signal);
      expect(await driver.observe(plan, signal)).toEqual({ components: {} });
      expect(await subject.count()).toEqual(before);
    });
  });
}
