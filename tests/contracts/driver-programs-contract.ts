/** What a sandbox driver promises about programs: a trainee's own, the template's, and ours beside the lab. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { KillSignal, SandboxDriver, SandboxPlan } from '../../src/lab/ports.ts';
import type { DriverSubject } from './driver-contract.ts';
import { planFor } from './driver-contract-plans.ts';
import {
  type Asked,
  answerOf,
  ensureEach,
  type ProgramName,
  programsVersion,
  replyOf,
  urlOf,
} from './driver-programs-plans.ts';

const bytes = (content: string) => new TextEncoder().encode(content);
const limits = { timeoutMs: 5_000, maxBytes: 100_000 };
const params = { client: 'cl_one' };
/** For what happens by itself, on a busy machine. */
const patient = { timeout: 60_000, interval: 50 };

export function driverProgramsContract(name: string, makeSubject: () => Promise<DriverSubject>): void {
  describe(`programs of sandbox driver ${name}`, { timeout: 120_000 }, () => {
    const signal = AbortSignal.timeout(1_200_000);
    let subject: DriverSubject;
    let driver: SandboxDriver;
    let before: Readonly<Record<string, number>>;
    let number = 0;

    beforeAll(async () => {
      subject = await makeSubject();
      driver = subject.driver;
      before = await subject.count();
    });
    afterAll(() => subject?.stop());
    afterEach(async () => {
      for (const { sandboxId } of await driver.list(signal)) await driver.destroy(sandboxId, signal);
      expect(await subject.count()).toEqual(before);
    });

    async function made(
      names: readonly ProgramName[],
      more: Parameters<typeof planFor>[3] = {},
    ): Promise<SandboxPlan> {
      number += 1;
      const plan = planFor(`sb-programs-${number}`, programsVersion(...names), {}, { params, ...more });
      await driver.prepare(plan.version, signal);
      await ensureEach(driver, plan, signal);
      return plan;
    }

    const look = async (plan: SandboxPlan, component: string) =>
      (await driver.observe(plan, signal)).components[component];
    const ask = (plan: SandboxPlan, component: string, asked?: Asked) =>
      answerOf(driver, plan, component, asked);
    const text = async (plan: SandboxPlan, component: string, path = '/') =>
      (await ask(plan, component, { path })).text;
    const write = (plan: SandboxPlan, path: string, content: string) =>
      driver.writeFile(plan, 'workspace', path, bytes(content), signal);

    it('runs a program from the trainee’s files, tells it of its lab, and starts it again when they are saved', async () => {
      const plan = await made(['workspace', 'database', 'cache', 'partner', 'mine']);
      expect(await text(plan, 'mine')).toBe('one');
      const env = JSON.parse(await text(plan, 'mine', '/env'));
      expect(env).toMatchObject({
        CLIENT: 'cl_one',
        WHO: 'the lab',
        PARTNER: urlOf(driver, plan, 'partner'),
        CACHE_URL: urlOf(driver, plan, 'cache'),
        DATABASE_URL: expect.stringMatching(/^postgresql:/),
        PORT: new URL(urlOf(driver, plan, 'mine')).port,
      });
      expect(env).not.toHaveProperty('PARTNER_URL');
      await write(plan, 'mine/main.ts', replyOf('two'));
      expect(await text(plan, 'mine')).toBe('two');
      // Behind our back, as an editor in the workspace does it.
      const edit = 'setsid sh -c "sleep 0.5; sed -i s/two/three/ mine/main.ts" > /dev/null 2>&1 & sleep 0.2';
      await driver.exec(plan, 'workspace', ['sh', '-c', edit], limits, signal);
      await expect.poll(() => text(plan, 'mine').catch(() => ''), patient).toBe('three');
    });

    it('shows a program of the trainee that does not start with its output, and starts it once it is mended', async () => {
      const plan = await made(['workspace', 'database', 'cache', 'partner', 'mine']);
      await write(plan, 'mine/main.ts', 'const broken: = 1;\n');
      const broken = await look(plan, 'mine');
      expect(broken).toMatchObject({ state: 'broken', generation: 1 });
      expect(broken?.detail).toContain('SyntaxError');
      // Asking for it is no error and does not change what is seen.
      await driver.ensure(plan, 'mine', signal);
      expect((await look(plan, 'mine'))?.detail).toContain('SyntaxError');
      await write(plan, 'mine/main.ts', replyOf('mended'));
      expect(await look(plan, 'mine')).toEqual({ state: 'running', generation: 1, detail: null });
      expect(await text(plan, 'mine')).toBe('mended');
    });

    it('shows a program whose files are gone, and starts it once they are back', async () => {
      const plan = await made(['workspace', 'database', 'cache', 'partner', 'mine']);
      await driver.exec(plan, 'workspace', ['rm', '-r', 'mine'], limits, signal);
      const gone = await look(plan, 'mine');
      expect(gone).toMatchObject({ state: 'broken', generation: 1 });
      expect(gone?.detail).toContain('mine');
      await write(plan, 'mine/main.ts', replyOf('back'));
      expect(await text(plan, 'mine')).toBe('back');
      await driver.exec(plan, 'workspace', ['sh', '-c', 'sed -i s/back/again/ mine/main.ts'], limits, signal);
      expect(await text(plan, 'mine')).toBe('again');
    });

    it('is not started again for what it writes itself', async () => {
      const plan = await made(['workspace', 'database', 'cache', 'partner', 'mine']);
      // A backend may keep it from writing there at all.
      const writes = `import { writeFileSync, appendFileSync } from 'node:fs';
        const quietly = (write: () => void) => { try { write(); } catch {} };
        quietly(() => writeFileSync('state.json', String(Date.now())));
        quietly(() => writeFileSync('made.ts', 'export {};'));
        setInterval(() => quietly(() => appendFileSync('out.log', 'line\\n')), 20);`;
      await write(plan, 'mine/main.ts', writes + replyOf('writes'));
      // Once for the save, and once more for the file that was new after it.
      await delay(1_500);
      const begun = await text(plan, 'mine', '/since');
      await delay(1_500);
      expect(await text(plan, 'mine', '/since')).toBe(begun);
    });

    it('says which files were changed that are not to be edited', async () => {
      const plan = await made(['workspace', 'database', 'cache', 'partner', 'mine']);
      await write(plan, 'mine/other.ts', 'export const other = 2;\n');
      await write(plan, 'mine/main.ts', replyOf('edited'));
      const seen = await look(plan, 'mine');
      expect(seen?.state).toBe('running');
      expect(seen?.detail).toContain('other.ts');
      expect(seen?.detail).not.toContain('main.ts');
    });

    it('runs the trainee’s copy of the sample API, whole, with the template’s files on top', async () => {
      const plan = await made(['workspace', 'database', 'api']);
      const query = { glob: 'api/modules/hello.ts', maxFiles: 1, maxBytesEach: 100 };
      expect(await driver.readFiles(plan, 'workspace', query, signal)).toHaveLength(1);
      expect((await ask(plan, 'api', { path: '/health/ready' })).status).toBe(200);
      expect(await look(plan, 'api')).toEqual({ state: 'running', generation: 1, detail: null });
      await write(plan, 'api/modules/hello.ts', 'export const hello = 2;\n');
      expect(await look(plan, 'api')).toEqual({ state: 'running', generation: 1, detail: null });
      await driver.exec(
        plan,
        'workspace',
        ['sh', '-c', 'echo "// mine" >> api/shared/health.ts'],
        limits,
        signal,
      );
      const seen = await look(plan, 'api');
      expect(seen?.state).toBe('running');
      expect(seen?.detail).toContain('shared/health.ts');
      expect(seen?.detail).not.toContain('hello.ts');
      await write(plan, 'api/app.ts', 'import { nothing } from "./nowhere.ts";\n');
      expect((await look(plan, 'api'))?.detail).toContain('nowhere.ts');
    });

    it('forks: files as they are now, another program from them, and nothing of it back', async () => {
      const origin = await made(['workspace', 'database', 'cache', 'partner', 'mine']);
      await write(origin, 'mine/main.ts', replyOf('changed'));
      const script =
        'ln -s ../notes.txt mine/inside; ln -s /etc/passwd out; ln -s ../../.. up; mkfifo pipe; mkdir -p deep/er; echo x > deep/er/x; chmod 755 deep/er/x';
      await driver.exec(origin, 'workspace', ['sh', '-c', script], limits, signal);
      const fork = await made(['workspace', 'database', 'cache', 'partner', 'mine'], {
        origin,
        variation: { attempt: { n: 7 }, env: { mine: { WHO: 'fork {{attempt.n}}' } } },
      });
      expect(await text(fork, 'mine')).toBe('changed');
      expect(JSON.parse(await text(fork, 'mine', '/env'))).toMatchObject({ WHO: 'fork 7', CLIENT: 'cl_one' });
      const list = await driver.exec(
        fork,
        'workspace',
        ['sh', '-c', 'find . | sort; cat mine/inside; stat -c %a deep/er/x'],
        limits,
        signal,
      );
      expect(list.stdout.split('\n')).toEqual(
        [
          '.',
          './deep',
          './deep/er',
          './deep/er/x',
          './mine',
          './mine/inside',
          './mine/main.ts',
          './mine/other.ts',
          './api',
          './api/modules',
          './api/modules/hello.ts',
          './notes.txt',
        ]
          .sort()
          .concat('start', '755', ''),
      );
      await write(fork, 'notes.txt', 'fork');
      await write(fork, 'mine/main.ts', replyOf('fork'));
      expect(await text(fork, 'mine')).toBe('fork');
      expect(await text(origin, 'mine')).toBe('changed');
      await driver.destroy(fork.sandboxId, signal);
      expect((await look(origin, 'mine'))?.state).toBe('running');
    });

    it('begins at the template at the next generation, also in a fork', async () => {
      const origin = await made(['workspace']);
      await write(origin, 'notes.txt', 'mine');
      const fork = await made(['workspace'], { origin });
      const next = planFor(fork.sandboxId, fork.version, { workspace: 2 }, { origin });
      const notes = async (plan: SandboxPlan) =>
        (await driver.exec(plan, 'workspace', ['cat', 'notes.txt'], limits, signal)).stdout;
      expect(await notes(fork)).toBe('mine');
      await driver.ensure(next, 'workspace', signal);
      expect(await notes(next)).toBe('start\n');
    });

    it('kills, and starts again from the files as they are now', async () => {
      const plan = await made(['workspace', 'database', 'cache', 'partner', 'mine']);
      const kill = (how: KillSignal) => driver.kill(plan, 'mine', how, signal);
      for (const how of ['KILL', 'TERM'] as const) {
        await kill(how);
        await expect(text(plan, 'mine')).rejects.toThrow();
        expect((await look(plan, 'mine'))?.state).toBe('broken');
        await kill(how);
        await driver.ensure(plan, 'mine', signal);
        expect(await text(plan, 'mine')).toBe('one');
      }
      await kill('STOP');
      await expect(ask(plan, 'mine', { withinMs: 300 })).rejects.toThrow();
      await kill('CONT');
      expect(await text(plan, 'mine')).toBe('one');
    });

    it('repairs a program of the template that was killed behind its back', async () => {
      const plan = await made(['clock']);
      expect(await text(plan, 'clock')).toBe('of the template');
      expect(await driver.readLog(plan, 'clock', 1_000, signal)).toContain('it listens');
      const trouble = new Promise<string>((resolve) => driver.onTrouble(resolve));
      await subject.crash(plan, 'clock');
      expect(await trouble).toBe(plan.sandboxId);
      expect((await look(plan, 'clock'))?.state).toBe('broken');
      await driver.ensure(plan, 'clock', signal);
      expect(await look(plan, 'clock')).toEqual({ state: 'running', generation: 1, detail: null });
    });

    it('ends a program that takes more memory than its limit', async () => {
      const plan = await made(['greedy']);
      await text(plan, 'greedy', '/grow').catch(() => '');
      const said = async () => {
        const seen = await look(plan, 'greedy');
        return `${seen?.state} ${seen?.detail} ${await driver.readLog(plan, 'greedy', 1_000, signal)}`;
      };
      await expect.poll(said, patient).toMatch(/^broken [\s\S]*took more .*memory/);
    });

    it('gives a lab a Redis of its own, behind its password', async () => {
      const plan = await made(['cache']);
      const access = driver.access(plan, 'cache');
      if (access.kind !== 'redis') throw new Error('not a Redis');
      const say = async (command: string) => {
        const socket = await driver.dial(plan, 'cache', signal);
        onTestFinished(() => void socket.destroy());
        socket.write(command);
        const [answer] = (await once(socket, 'data')) as [Buffer];
        return answer.toString();
      };
      expect(await say('PING\r\n')).toContain('NOAUTH');
      expect(await say(`AUTH ${access.password}\r\n`)).toContain('+OK');
    });

    it('runs a partner and a load out of the trainee’s reach, and speaks to them alone', async () => {
      const plan = await made(['workspace', 'clock', 'database', 'cache', 'partner', 'mine', 'load']);
      const charge = await ask(plan, 'partner', { path: '/charges', json: { order: 'o-1' } });
      expect(charge.status).toBe(201);
      expect(JSON.parse(charge.text)).toMatchObject({
        client: 'cl_one',
        caller: urlOf(driver, plan, 'mine'),
      });
      const journal = async (component: string) => {
        const access = driver.access(plan, component);
        if (!('controlToken' in access)) throw new Error('no partner');
        const asked = { path: '/journal', port: 'control', token: access.controlToken } as const;
        return JSON.parse((await ask(plan, component, asked)).text);
      };
      expect((await journal('partner')).effects).toEqual([{ key: 'o-1', count: 1 }]);
      // The first may have come before there was time for it.
      await expect
        .poll(async () => (await journal('load')).entries, patient)
        .toContainEqual(expect.objectContaining({ method: 'GET', path: '/load', status: 200 }));
      await expect(driver.dial(plan, 'mine', signal, 'control')).rejects.toMatchObject({
        code: 'bad_request',
      });
      await expect(driver.dial(plan, 'load', signal)).rejects.toMatchObject({ code: 'bad_request' });
      // A restart of the partner forgets nothing.
      await driver.kill(plan, 'partner', 'KILL', signal);
      await driver.ensure(plan, 'partner', signal);
      expect((await journal('partner')).effects).toEqual([{ key: 'o-1', count: 1 }]);
    });

    it('runs in a folder of the workspace where it is asked to', async () => {
      const plan = await made(['workspace']);
      const run = (cwd: string) => driver.exec(plan, 'workspace', ['ls'], { ...limits, cwd }, signal);
      expect((await run('mine')).stdout).toBe('main.ts\nother.ts\n');
      await driver.exec(plan, 'workspace', ['ln', '-s', '/etc', 'link'], limits, signal);
      for (const cwd of ['none', 'link', 'notes.txt'])
        expect(await run(cwd), cwd).toMatchObject({ exitCode: 127 });
      await expect(run('../x')).rejects.toMatchObject({ code: 'bad_request' });
    });

    it('says what it lacks', () => {
      const version = programsVersion('clock', 'mine', 'partner');
      expect(driver.lacks(version)).toEqual([]);
      const { clock } = version.template.components;
      if (clock?.kind !== 'service') throw new Error('no service');
      const components = { clock: { ...clock, files: null, image: 'registry.example/clock:1' } };
      const [lack] = driver.lacks({ ...version, template: { ...version.template, components } });
      if (subject.pullsImages) expect(lack).toBeUndefined();
      else expect(lack).toContain('clock');
    });
  });
}
